// What providers that hang cost a caller: two gateways of one build, one with healthy providers, one whose providers all take
// every request and never answer, loaded in turns.
//
// A breaker leaves a provider that hangs alone for longer and longer. So both gateways are started anew for every load: it
// falls into the time in which a request to each provider hangs most of the time.
import { cpSync, rmSync } from "node:fs";
import { startWithProviders } from "./gateway.mjs";
import { load } from "./load.mjs";
import { startListening } from "./processes.mjs";
import { comparison, comparisonHeading } from "./table.mjs";

// An account has ten free attempts at a time, and an attempt ends with the login.
const CONNECTIONS = 4;
const TURNS = 3;
// A login is mostly hashing: on a busy machine a shorter load of four connections may see no answer at all.
const WARM_UP_SECONDS = 3;
const KINDS = ["healthy", "hang"];
const expected = { healthy: "quantum-seeded", hang: "classical" };

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** One load of a gateway that has just started; throws when its tokens do not say what they are made of. */
async function loadFresh(kind, call, { state, providers, seconds, turn }) {
  const folder = `${state}-${kind}`;
  rmSync(folder, { recursive: true, force: true });
  cpSync(state, folder, { recursive: true });
  const gateway = await startWithProviders(folder, providers[kind]);
  const target = { name: `entropy ${kind} ${call} ${turn}`, ...gateway, ...gateway.calls[call] };
  await load(target, CONNECTIONS, WARM_UP_SECONDS);
  const result = await load(target, CONNECTIONS, seconds);
  const label = await gateway.label();
  await gateway.miniflare.dispose();
  if (label !== expected[kind]) throw new Error(`a token of the gateway with ${kind} providers says ${label}`);
  return result;
}

export async function compareProviders(state, seconds) {
  const providers = {};
  for (const kind of KINDS) providers[kind] = await startListening("bench/providers.mjs", kind);
  console.log(comparisonHeading(`${CONNECTIONS} connections, medians of ${TURNS} loads of ${seconds} s`));
  for (const call of ["login", "server_time", "quantum_random"]) {
    const runs = { healthy: [], hang: [] };
    for (let turn = 0; turn < TURNS; turn += 1) {
      for (const kind of KINDS) runs[kind].push(await loadFresh(kind, call, { state, providers, seconds, turn }));
    }
    const figures = KINDS.map((kind) => ["p50", "p99"].map((figure) => median(runs[kind].map((run) => run[figure]))));
    console.log(comparison(call, ...figures));
  }
}
