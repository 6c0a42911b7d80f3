// The benefits of the race as SQL in DuckDB: the greatest of the sums of all sets that nothing can be added to.
// node duckdb_stacking.mjs DIRECTORY LOAD FIRMS SAMPLES
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { budgetOf, directory, measure, read } from './duckdb_common.mjs';

const benefits = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
await read('firm', benefits.map((b) => `b${b}::bigint b${b}`).join(', '));
const sets = JSON.parse(await readFile(join(directory, 'sets.json'), 'utf8'));
const sums = sets.map((set) => benefits.filter((b) => (set >> b) & 1).map((b) => `b${b}`).join(' + '));
for (const processors of [1, 2]) {
  await measure(processors, 'DuckDB, as written', 'stack',
    [`with t as (select greatest(${sums.join(', ')}) as total from firm) select 0, sum(total)::bigint, count(*) filter (total > 0) from t`], budgetOf);
}
