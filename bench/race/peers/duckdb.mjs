// The clauses of the race as SQL in DuckDB, in memory, in whole fen (BIGINT).
// node duckdb.mjs DIRECTORY LOAD FIRMS SAMPLES
import { WAN, budgetOf, db, effectOf, measure, one, print, read } from './duckdb_common.mjs';

const inForce = { loanRate: 11_000, investRate: 110_000, investCap: 500 * WAN };
const changed = { loanRate: 15_000, investRate: 90_000, investCap: 800 * WAN };
const inPlace = `filed between date '2022-01-28' and date '2024-12-31' and area < 5`;

// What a change touches, and what it does not.
const moving = (p) => `
  case when eligible then least((loan * ${p.loanRate} + 500000) // 1000000, ${200 * WAN}) else 0 end as loan_paid,
  case when eligible and "input" >= ${500 * WAN} then least((invest * ${p.investRate} + 500000) // 1000000, ${p.investCap}) else 0 end as gross`;
const titles = `case when eligible then greatest(case when "national" then ${300 * WAN} else 0 end, case when provincial then ${200 * WAN} else 0 end)
  + case when scene then ${50 * WAN} else 0 end + case when cloud then ${50 * WAN} else 0 end else 0 end as titles`;
const bodies = `case when provider then ${100 * WAN} else 0 end + case when base then ${50 * WAN} else 0 end
  + case when trainer then ${30 * WAN} else 0 end
  + case when service and sales >= ${1000 * WAN} then (sales * 100000 + 500000) // 1000000 else 0 end`;
const total = `loan_paid + case when gross >= other then gross else 0 end + titles + bodies as total`;

// As one would write it: a chain of named columns.
const written = (p) => `
  with a as (select *, (${inPlace}) as place, (${inPlace} and scale) as eligible from firm),
       b as (select *, ${moving(p)}, ${titles}, case when place then ${bodies} else 0 end as bodies from a),
       t as (select area, was, ${total} from b)`;

// With the one filter that somebody who knows the plan would write: elsewhere and at other times everything is nothing, which
// the planner cannot see through the CASEs.
const hoisted = (p) => `
  with a as (select *, scale as eligible from firm where ${inPlace}),
       b as (select *, ${moving(p)}, ${titles}, ${bodies} as bodies from a),
       t as (select area, was, ${total} from b)`;

const budget = `select area, sum(total)::bigint, count(*) filter (total > 0) from t group by area`;
const effect = `select area, sum(total)::bigint, count(*) filter (total > was), count(*) filter (total < was),
  sum(greatest(total - was, 0))::bigint, sum(greatest(was - total, 0))::bigint from t group by area`;

// The rows that the change can move, gathered once, and then a position of the slider over these.
const gather = `create or replace table touched as
  with a as (select *, scale as eligible from firm where ${inPlace} and scale),
       b as (select *, case when "input" >= ${500 * WAN} then invest else 0 end as base_invest, ${moving(inForce)} from a)
  select area, loan, base_invest as invest, other, loan_paid + case when gross >= other then gross else 0 end as came
  from b where loan > 0 or base_invest > 0`;
const position = `
  with g as (select area, other, came, least((loan * ${changed.loanRate} + 500000) // 1000000, ${200 * WAN}) as l,
               least((invest * ${changed.investRate} + 500000) // 1000000, ${changed.investCap}) as g from touched),
       t as (select area, l + case when g >= other then g else 0 end - came as moved from g)
  select area, sum(moved)::bigint, count(*) filter (moved > 0), count(*) filter (moved < 0),
         sum(greatest(moved, 0))::bigint, sum(greatest(-moved, 0))::bigint from t group by area`;

await read('firm', `area::utinyint area, scale::bool scale, date '1970-01-01' + filed::int as filed,
  loan::bigint loan, "input"::bigint "input", invest::bigint invest, other::bigint other, sales::bigint sales, service::bool service,
  "national"::bool "national", provincial::bool provincial, scene::bool scene, cloud::bool cloud, provider::bool provider,
  base::bool base, trainer::bool trainer, 0::bigint as was`);
await db.run(`create table kept as ${written(inForce)} select total from t`);
await db.run(`create table firm2 as select * replace (total as was) from firm positional join kept`);
await db.run(`alter table firm2 drop column total`);
await db.run('drop table firm');
await db.run('alter table firm2 rename to firm');
await db.run(gather);
const base = await one('select sum(was)::bigint from firm');

for (const processors of [1, 2]) {
  await measure(processors, 'DuckDB, as written', 'evaluate', [written(inForce) + budget], budgetOf);
  await measure(processors, 'DuckDB, as written', 'tabulate', [`create or replace table totals as ${written(inForce)} select area, total from t`]);
  await measure(processors, 'DuckDB, as written', 'what-if', [written(changed) + effect], effectOf(0));
  await measure(processors, 'DuckDB, filter hoisted', 'evaluate', [hoisted(inForce) + budget], budgetOf);
  await measure(processors, 'DuckDB, filter hoisted', 'what-if', [hoisted(changed) + effect], effectOf(0));
  await measure(processors, 'DuckDB, touched rows gathered', 'position', [position], effectOf(base));
}
const version = (await db.runAndReadAll('select version()')).getRows()[0][0];
print({ engine: 'DuckDB', task: 'version', note: `DuckDB ${version}` });
