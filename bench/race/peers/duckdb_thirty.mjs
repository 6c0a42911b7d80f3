// The thirty documents of the race as SQL in DuckDB, one query for each.
// node duckdb_thirty.mjs DIRECTORY LOAD FIRMS SAMPLES
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { WAN, budgetOf, directory, measure, read } from './duckdb_common.mjs';

const YEARS = [0, 1, 2]; // since 2022
const each = (of) => YEARS.map(of).join(', ');
const total = (of) => YEARS.map(of).join(' + ');
const share = (amount, hundredths) => `(${amount} * ${hundredths * 10_000} + 500000) // 1000000`;

await read('firm', `id::int id, area::utinyint area, ${each((y) => `scale${y}::bool scale${y}, digital${y}::bigint digital${y}, stars${y}::utinyint stars${y}`)}`);
await read('project', `firm::int firm, kind::utinyint kind, is_digital::bool is_digital, ${each((y) => `input${y}::bigint input${y}, invest${y}::bigint invest${y}, equipment${y}::bigint equipment${y}`)}`);
await read('loan', `firm::int firm, year(date '1970-01-01' + drawn::int) - 2022 as since, principal::bigint principal, for_digital::bool for_digital`);

// Invest draws on one ceiling over the years, the earlier year first.
const document = (t) => `
  with f as (select * from firm where (${t.Areas} >> area) & 1 = 1),
  a as (select firm, kind, ${each((y) => `equipment${y}`)},
          ${each((y) => `case when is_digital and input${y} >= ${t.MinInput * WAN} then ${share(`invest${y}`, t.InvestRate[y])} else 0 end as own${y}`)}
        from project where firm in (select id from f)),
  b as (select *, least(own0, ${t.InvestCap * WAN}) as invest0, least(own0 + own1, ${t.InvestCap * WAN}) - least(own0, ${t.InvestCap * WAN}) as invest1,
          least(own0 + own1 + own2, ${t.InvestCap * WAN}) - least(own0 + own1, ${t.InvestCap * WAN}) as invest2,
          ${each((y) => `case when kind < 2 then least((least(equipment${y}, ${t.SecondFrom * WAN}) * ${t.FirstRate * 10_000}
            + greatest(equipment${y} - ${t.SecondFrom * WAN}, 0) * ${t.SecondRate * 10_000} + 500000) // 1000000, ${t.EquipmentCap * WAN}) else 0 end as bands${y}`)}
        from a),
  p as (select firm, ${each((y) => `sum(greatest(invest${y}, bands${y})) as paid${y}`)} from b group by firm),
  l as (select firm, ${each((y) => `coalesce(sum(${share('principal', t.LoanRate)}) filter (since = ${y}), 0) as loans${y}`)}
        from loan where for_digital and firm in (select id from f) group by firm),
  t as (select area, ${total((y) => `least(coalesce(paid${y}, 0), ${t.FirmCap * WAN}) + least(coalesce(loans${y}, 0), ${t.LoanCap * WAN})
          + case when scale${y} then case when digital${y} > ${t.DigitalOver * WAN} then least(${share(`digital${y}`, t.DigitalRate)}, ${t.DigitalCap * WAN}) else 0 end
            + case when stars${y} >= 5 then ${t.Cloud * WAN} else 0 end else 0 end`)} as total
        from f left join p on p.firm = f.id left join l on l.firm = f.id)
  select area, sum(total)::bigint, count(*) filter (total > 0) from t group by area`;

const terms = JSON.parse(await readFile(join(directory, 'terms.json'), 'utf8'));
for (const processors of [1, 2]) {
  await measure(processors, 'DuckDB, as written', 'evaluate', terms.map(document), budgetOf);
}
