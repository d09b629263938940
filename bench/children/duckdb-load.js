// Runs SQL statements in DuckDB by its Node.js package.
const { DuckDBInstance } = await import("@duckdb/node-api");
const [path, statements] = process.argv.slice(2);
const instance = await DuckDBInstance.create(path);
const connection = await instance.connect();
for (const statement of JSON.parse(statements)) await connection.run(statement);
connection.closeSync();
