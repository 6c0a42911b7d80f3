// What the scripts of DuckDB share: a database in memory, and a measure that prints a line of JSON.
import { createRequire } from 'node:module';
import { join } from 'node:path';

export const [directory, load, firms, samples] = [process.argv[2], process.argv[3], Number(process.argv[4]), Number(process.argv[5])];
const { DuckDBInstance } = createRequire(join(process.cwd(), 'package.json'))('@duckdb/node-api');
export const db = await (await DuckDBInstance.create(':memory:')).connect();

export const WAN = 1_000_000; // 10,000 yuan in fen

// read makes a table of a CSV file with the columns that are given, in narrow types and with flags as booleans: the layout
// that suits it best.
export async function read(table, columns) {
  await db.run(`create table raw as select * from read_csv('${join(directory, `${table}.csv`)}', header = true)`);
  await db.run(`create table ${table} as select ${columns} from raw`);
  await db.run('drop table raw');
}

export async function one(sql) {
  return Number((await db.runAndReadAll(sql)).getRows()[0][0]);
}

const median = (of) => of.sort((a, b) => a - b)[of.length >> 1];

// measure runs queries, one after the other, and prints what they took; answer makes an answer of all their rows.
export async function measure(processors, engine, task, queries, answer) {
  await db.run(`set threads = ${processors}`);
  const statements = [];
  for (const sql of queries) statements.push(await db.prepare(sql));
  const all = async () => {
    const rows = [];
    for (const s of statements) rows.push(...(await s.runAndReadAll()).getRows());
    return rows;
  };
  let start = performance.now();
  let rows = await all();
  const once = performance.now() - start;
  const times = 1 + Math.floor(20 / Math.max(once, 0.001));
  const [cpu, wall] = [[], []];
  for (let i = 0; i < Math.min(samples, 1 + Math.floor(3000 / once)); i++) {
    const used = process.cpuUsage();
    start = performance.now();
    for (let k = 0; k < times; k++) rows = await all();
    wall.push((performance.now() - start) / times);
    const { user, system } = process.cpuUsage(used);
    cpu.push((user + system) / 1e3 / times);
  }
  print({ engine, task, rows: firms, processors, cpu_ms: median(cpu), wall_ms: median(wall), answer: answer?.(rows) });
}

export function print(figure) {
  console.log(JSON.stringify({ load, firms, ...figure }));
}

const sum = (rows, column) => rows.reduce((a, r) => a + Number(r[column]), 0);
export const budgetOf = (rows) => ({ budget: sum(rows, 1), getting: sum(rows, 2) });
export const effectOf = (more) => (rows) => ({ budget: more + sum(rows, 1), Winners: sum(rows, 2), Losers: sum(rows, 3), Gained: sum(rows, 4), Lost: sum(rows, 5) });
