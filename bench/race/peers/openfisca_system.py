"""The clauses of the race as an OpenFisca tax-benefit system: 16 inputs, 17 formulas.

Written as OpenFisca's country template is: dated parameters, a Variable for each quantity, vector formulas. Money is yuan in
the type that OpenFisca has for it, float32.
"""
import datetime
import logging

logging.getLogger("openfisca_core").setLevel(logging.ERROR)

import numpy as np
from openfisca_core.entities import build_entity
from openfisca_core.parameters import ParameterNode
from openfisca_core.periods import YEAR
from openfisca_core.reforms import Reform
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

Firm = build_entity(key="firm", plural="firms", label="Enterprise", is_person=True)


def since_2022(value):
    return {"values": {"2022-01-01": {"value": value}}}


PARAMETERS = {
    "loan": {"rate": since_2022(0.011), "cap": since_2022(2_000_000)},
    "investment": {"rate": since_2022(0.11), "minimum": since_2022(5_000_000), "cap": since_2022(5_000_000)},
    "award": {
        "national": since_2022(3_000_000),
        "provincial": since_2022(2_000_000),
        "scene": since_2022(500_000),
        "cloud": since_2022(500_000),
        "provider": since_2022(1_000_000),
        "base": since_2022(500_000),
        "trainer": since_2022(300_000),
    },
    "service": {"rate": since_2022(0.10), "minimum": since_2022(10_000_000)},
}
FROM, TO = np.datetime64("2022-01-28"), np.datetime64("2024-12-31")


def variable(name, value_type, formula=None):
    parts = {"value_type": value_type, "entity": Firm, "definition_period": YEAR, "label": name}
    if formula:
        parts["formula"] = formula
    return type(name, (Variable,), parts)


def in_force(firm, period):
    filed = firm("filed", period)
    return (filed >= FROM) * (filed <= TO)


def in_place(firm, period):
    return firm("in_force", period) * (firm("area", period) < 5)


def eligible(firm, period):
    return firm("in_place", period) * firm("scale", period)


def loan_subsidy(firm, period, parameters):
    loan = parameters(period).loan
    return firm("eligible", period) * np.minimum(firm("loan", period) * loan.rate, loan.cap)


def investment_gross(firm, period, parameters):
    p = parameters(period).investment
    reached = firm("eligible", period) * (firm("input", period) >= p.minimum)
    return reached * np.minimum(firm("invest", period) * p.rate, p.cap)


def investment_subsidy(firm, period):
    gross = firm("investment_gross", period)
    return gross * (gross >= firm("other", period))


def award(name, gate):
    def formula(firm, period, parameters):
        return firm(gate, period) * firm(name, period) * getattr(parameters(period).award, name)

    return formula


def title_award(firm, period):
    return np.maximum(firm("national_award", period), firm("provincial_award", period))


def service_award(firm, period, parameters):
    p = parameters(period).service
    sales = firm("sales", period)
    return firm("in_place", period) * firm("service", period) * (sales >= p.minimum) * sales * p.rate


def training_award(firm, period):
    return firm("base_award", period) + firm("trainer_award", period)


PAID = ["loan_subsidy", "investment_subsidy", "title_award", "scene_award", "cloud_award", "provider_award",
        "service_award", "training_award"]


def total(firm, period):
    return sum(firm(name, period) for name in PAID)


INPUTS = {"area": int, "filed": datetime.date}
INPUTS |= {name: float for name in ["loan", "input", "invest", "other", "sales"]}
INPUTS |= {name: bool for name in ["scale", "service", "national", "provincial", "scene", "cloud", "provider", "base", "trainer"]}

FORMULAS = [
    ("in_force", bool, in_force), ("in_place", bool, in_place), ("eligible", bool, eligible),
    ("loan_subsidy", float, loan_subsidy),
    ("investment_gross", float, investment_gross), ("investment_subsidy", float, investment_subsidy),
    ("national_award", float, award("national", "eligible")), ("provincial_award", float, award("provincial", "eligible")),
    ("title_award", float, title_award),
    ("scene_award", float, award("scene", "eligible")), ("cloud_award", float, award("cloud", "eligible")),
    ("provider_award", float, award("provider", "in_place")), ("service_award", float, service_award),
    ("base_award", float, award("base", "in_place")), ("trainer_award", float, award("trainer", "in_place")),
    ("training_award", float, training_award), ("total", float, total),
]


def build():
    system = TaxBenefitSystem([Firm])
    system.parameters = ParameterNode("", data=PARAMETERS)
    for name, value_type in INPUTS.items():
        system.add_variable(variable(name, value_type))
    for name, value_type, formula in FORMULAS:
        system.add_variable(variable(name, value_type, formula))
    return system


class Changed(Reform):
    name = "9 % up to 8 million; loans at 1.5 %"

    def apply(self):
        def modify(parameters):
            parameters.investment.rate.update(start="2022-01-01", value=0.09)
            parameters.investment.cap.update(start="2022-01-01", value=8_000_000)
            parameters.loan.rate.update(start="2022-01-01", value=0.015)
            return parameters

        self.modify_parameters(modifier_function=modify)
