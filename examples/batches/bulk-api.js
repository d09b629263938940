// A bulk API for the example beside it: it takes lines of JSON, is busy now and then, and sometimes the
// connection is gone before the answer is out, although the rows are stored. Requests are known by their
// idempotency key.
import { createServer } from "node:http";
import { createInterface } from "node:readline";

const known = new Set();
let requests = 0;
let stored = 0;
let repeated = 0;

async function takeRows(request, response, number) {
  const key = request.headers["idempotency-key"];
  let rows = 0;
  for await (const line of createInterface({ input: request })) if (line !== "") rows++;
  if (known.has(key)) {
    repeated++;
  } else {
    known.add(key);
    stored += rows;
  }
  if (number % 7 === 4) response.destroy();
  else response.end();
}

const server = createServer((request, response) => {
  if (request.url === "/stats") {
    response.end(JSON.stringify({ stored, repeated, requests }));
    return;
  }
  const number = requests++;
  const busy = number % 5 === 1 ? 429 : number % 5 === 3 ? 503 : undefined;
  if (busy === undefined) {
    takeRows(request, response, number).catch(() => response.destroy());
    return;
  }
  request.resume();
  request.once("end", () => {
    response.writeHead(busy, busy === 429 ? { "retry-after": "0.05" } : {}).end();
  });
});

server.listen(0, "127.0.0.1", () => process.send({ url: `http://127.0.0.1:${server.address().port}` }));
process.once("disconnect", () => {
  server.closeAllConnections();
  server.close();
});
