// Runs a command of the built program and kills the process at one call of one verb of the target's session:
// node die-at-verb.js before|after VERB CALL COMMAND...
const dist = new URL("../../dist/", import.meta.url);
const [moment, verb, call, ...words] = process.argv.slice(2);
const { TableTargetSession, TargetSession } = await import(new URL("ports/index.js", dist).href);
const { main } = await import(new URL("cli/main.js", dist).href);

const { prototype } = verb in TargetSession.prototype ? TargetSession : TableTargetSession;
const original = prototype[verb];
let calls = 0;

prototype[verb] = async function (...parameters) {
  calls += 1;
  const isChosen = calls === Number(call);
  if (isChosen && moment === "before") await die();
  const result = await original.apply(this, parameters);
  if (isChosen) await die();
  return result;
};

function die() {
  process.kill(process.pid, "SIGKILL");
  return new Promise(() => {});
}

process.exitCode = await main(words);
