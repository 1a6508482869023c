// Starts Workers in the local runtime, each in a process of its own.
import { readFileSync, readdirSync } from "node:fs";
import { Log, LogLevel, Miniflare, convertV4MiniflareOptions } from "miniflare";
import runtime from "workerd";

process.env.QUIET_RUNTIME = runtime.default;
process.env.MINIFLARE_WORKERD_PATH = "bench/quiet-runtime.sh";

const common = {
  name: "measured",
  compatibilityDate: "2026-11-01",
  compatibilityFlags: ["no_nodejs_global_timers"],
  host: "127.0.0.1",
  cf: false,
  log: new Log(LogLevel.ERROR),
};

/** The modules worker-build left in a folder, the entry point first; `module`, if given, in place of the module there. */
function rustModules(folder, module) {
  const compiled = `${folder}/index_bg.wasm`;
  return [
    { type: "ESModule", path: `${folder}/index.js` },
    { type: "CompiledWasm", path: compiled, ...(module && { contents: readFileSync(module) }) },
  ];
}

/** The process of the runtime that `work` starts. */
async function newRuntime(work) {
  const before = new Set(runtimes());
  const made = await work();
  return [made, runtimes().find((pid) => !before.has(pid))];
}

function runtimes() {
  return readdirSync("/proc").filter((pid) => {
    try {
      const [name, rest] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
      return name.endsWith("(workerd") && Number(rest.split(" ")[1]) === process.pid;
    } catch {
      return false; // Not a process, or one that has just ended.
    }
  });
}

/**
 * Starts a Worker in a runtime of its own; gives the runtime's process and address.
 *
 * The address is that of the simulator's front, which does its own work for each request, or, with `direct`, a socket of the
 * runtime that leads to the Worker itself.
 */
export async function start({ port = 0, inspected = false, ...options }, direct) {
  const ports = direct ? { unsafeDirectSockets: [{ host: "127.0.0.1", port }] } : { port };
  const [miniflare, pid] = await newRuntime(async () => {
    const made = new Miniflare(convertV4MiniflareOptions({ ...common, ...ports, ...(inspected && { inspectorPort: 0 }), ...options }));
    await made.ready;
    return made;
  });
  const url = direct ? await miniflare.unsafeGetDirectURL(common.name) : await miniflare.ready;
  return { miniflare, pid, url: url.origin };
}

const beside = (upstream) => ({
  bindings: { UPSTREAM: upstream },
  durableObjects: { RECORDS: { className: "Records", useSQLite: true } },
});

export const emptyScript = (upstream) => ({
  modules: [{ type: "ESModule", path: "bench/empty-worker.mjs" }],
  ...beside(upstream),
});

export const emptyRust = (upstream) => ({
  modulesRoot: "target/bench/empty-worker",
  modules: rustModules("target/bench/empty-worker"),
  ...beside(upstream),
});

const answering = (first) => `${first}; export default { fetch: () => new Response("ok") };`;

/** A Worker that only carries what worker-build left in a folder, as bytes. */
export const carried = (folder) => ({
  modulesRoot: folder,
  modules: [
    { type: "ESModule", path: `${folder}/carried.mjs`, contents: answering('import "./script.bin"; import "./module.bin"') },
    { type: "Data", path: `${folder}/script.bin`, contents: readFileSync(`${folder}/index.js`) },
    { type: "Data", path: `${folder}/module.bin`, contents: readFileSync(`${folder}/index_bg.wasm`) },
  ],
});

/** A Worker that compiles and evaluates it, and is asked for nothing. */
export const evaluated = (folder) => ({
  modulesRoot: folder,
  modules: [
    { type: "ESModule", path: `${folder}/evaluated.mjs`, contents: answering('import "./index.js"') },
    ...rustModules(folder),
  ],
});

/** The gateway that was built in a folder. */
export const modulesOf = (folder) => ({ modulesRoot: folder, modules: rustModules(folder) });

export const gatewayModules = modulesOf("build");

/** The gateway with the names of its functions. */
export const namedModules = { modulesRoot: "build", modules: rustModules("build", "target/named/index_bg.wasm") };
