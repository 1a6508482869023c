// One measured run: wrk as the load, the CPU time of the runtime's own process from /proc.
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";

const run = promisify(execFile);
const folder = "target/bench";
// Linux counts CPU time in hundredths of a second.
const MS_PER_TICK = 10;

const quote = (text) => `[==[${text}]==]`;

/** The script wrk runs: every request is the same, and every answer is looked at. */
function script({ body, headers, expect }) {
  const lines = Object.entries(headers).map(([name, value]) => `wrk.headers[ ${quote(name)} ] = ${quote(value)}`);
  return `
wrk.method = "POST"
wrk.body = ${quote(body)}
${lines.join("\n")}
local threads = {}
bad = 0
function setup(thread) table.insert(threads, thread) end
function response(status, headers, body)
  if status ~= 200 or not string.find(body, ${quote(expect)}, 1, true) or string.find(body, '"isError":true', 1, true) then
    bad = bad + 1
  end
end
function done(summary, latency)
  local wrong = 0
  for _, thread in ipairs(threads) do wrong = wrong + thread:get("bad") end
  local errors = summary.errors
  io.write(string.format('\\nRESULT {"requests":%d,"micros":%d,"p50":%d,"p99":%d,"bad":%d}\\n', summary.requests,
    summary.duration, latency:percentile(50), latency:percentile(99),
    wrong + errors.connect + errors.read + errors.write + errors.timeout))
end
`;
}

/** User and system time a process has used, in milliseconds. */
function cpuMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

/** Loads `target` for some seconds over `connections`; throws when a single answer was not the expected one. */
export async function load(target, connections, seconds) {
  mkdirSync(folder, { recursive: true });
  const path = `${folder}/${target.name.replaceAll(/\W+/g, "-")}.lua`;
  writeFileSync(path, script(target), { mode: 0o600 });
  const before = cpuMs(target.pid);
  const { stdout } = await run("wrk", ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "10s", "-s", path, target.url]);
  const cpu = cpuMs(target.pid) - before;
  const result = JSON.parse(stdout.split("RESULT ")[1]);
  if (result.bad > 0 || result.requests === 0) {
    throw new Error(`${target.name}, ${connections} connections: ${result.bad} of ${result.requests} answers were wrong`);
  }
  return {
    perSecond: result.requests / (result.micros / 1e6),
    p50: result.p50 / 1000,
    p99: result.p99 / 1000,
    cpu: cpu / result.requests,
  };
}
