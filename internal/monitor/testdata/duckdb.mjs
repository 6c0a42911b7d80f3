// Questions over flat tables in DuckDB, in memory: the answers and the median of ten times.
// node duckdb.mjs DIRECTORY CODE SQL [CODE SQL …], in a directory where @duckdb/node-api is installed
import { createRequire } from 'node:module';
import { join } from 'node:path';

const { DuckDBInstance } = createRequire(join(process.cwd(), 'package.json'))('@duckdb/node-api');
const db = await (await DuckDBInstance.create(':memory:')).connect();
const [directory, ...questions] = process.argv.slice(2);
for (const table of ['firms', 'months', 'output']) {
  await db.run(`create table ${table} as select * from read_csv('${join(directory, `${table}.csv`)}', header = true)`);
}
for (let i = 0; i < questions.length; i += 2) {
  const statement = await db.prepare(questions[i + 1]);
  const wall = [];
  let rows;
  for (let n = 0; n < 10; n++) {
    const start = performance.now();
    rows = (await statement.runAndReadAll()).getRows();
    wall.push(performance.now() - start);
  }
  wall.sort((a, b) => a - b);
  console.log(JSON.stringify({ Code: questions[i], Wall: wall[5], Rows: rows.map((r) => r.map(Number)) }));
}
