-- The entries of a case and of a month.
CREATE INDEX ledger_transfer_case ON ledger_transfer (case_id);
CREATE INDEX ledger_transfer_day ON ledger_transfer (day, id);
