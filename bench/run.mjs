// The benchmark: `cargo xtask bench` prepares what this needs and starts it.
//
// One run, one machine, one harness: every Worker stands in a local runtime of its own, and wrk loads one after the other.
// Arguments: the seconds of each measured run; the folder of a fresh local database; `--direct` to load the runtime's own
// socket, without the simulator's front in between.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { bundleSize, startUp } from "./bundle.mjs";
import { startGateway } from "./gateway.mjs";
import { load } from "./load.mjs";
import { heading, row } from "./table.mjs";
import { emptyRust, emptyScript, start } from "./workers.mjs";

const CONNECTIONS = [1, 16, 64];
const [seconds, state] = [Number(process.argv[2]), process.argv[3]];
const direct = process.argv.includes("--direct");

const text = "hello";
const jsonType = { "content-type": "application/json" };
const plain = { body: JSON.stringify({ text }), headers: jsonType, expect: '"ok":true' };
const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "echo", arguments: { text } } };
const passedOn = { body: JSON.stringify(call), headers: jsonType, expect: `"text":"${text}"` };

/** Starts the upstream in a process of its own; gives its address. */
async function startUpstream() {
  const child = spawn(process.execPath, ["bench/upstream.mjs"], { stdio: ["ignore", "pipe", "inherit"] });
  process.on("exit", () => child.kill());
  return String((await once(child.stdout, "data"))[0]).trim();
}

async function measure(targets) {
  for (const target of targets) await load(target, 16, 1);
  for (const connections of CONNECTIONS) {
    console.log(heading(connections));
    const rates = new Map();
    for (const target of targets) {
      const result = await load(target, connections, seconds);
      rates.set(target.name, result.perSecond);
      console.log(row(target, result, rates));
    }
  }
}

async function main() {
  const upstream = await startUpstream();
  const script = await start(emptyScript(upstream), direct);
  const rust = await start(emptyRust(upstream), direct);
  const gateway = await startGateway(state, upstream, direct);
  await measure([
    { name: "empty JavaScript", ...script, ...plain },
    { name: "empty Rust", ...rust, ...plain, baselines: ["empty JavaScript"] },
    { name: "local tool call", ...gateway, ...gateway.local, baselines: ["empty JavaScript", "empty Rust"] },
    { name: "JavaScript, one fetch", ...script, ...passedOn, url: `${script.url}/fetch` },
    { name: "Rust, one fetch", ...rust, ...passedOn, url: `${rust.url}/fetch`, baselines: ["JavaScript, one fetch"] },
    {
      name: "proxied tool call",
      ...gateway,
      ...gateway.proxied,
      baselines: ["JavaScript, one fetch", "Rust, one fetch"],
    },
  ]);
  for (const { miniflare } of [script, rust, gateway]) await miniflare.dispose();
  console.log(`\nBundle: ${bundleSize("build")} (empty Rust: ${bundleSize("target/bench/empty-worker")})`);
  console.log(await startUp(upstream));
}

try {
  await main();
  process.exit(0);
} catch (error) {
  console.error(error);
  process.exit(1);
}
