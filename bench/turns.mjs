// What one thing costs beside another that differs in nothing else: loaded in turns.
//
// A machine's speed changes from second to second by more than most things cost. So each second of one is compared with the
// second of the other beside it, who goes first changes with every turn, and what counts is the middle of these ratios.
import { cpSync } from "node:fs";
import { startGateway } from "./gateway.mjs";
import { load } from "./load.mjs";
import { startListening } from "./processes.mjs";
import { turnsHeading, turnsRow } from "./table.mjs";
import { gatewayModules, modulesOf } from "./workers.mjs";

const CONNECTIONS = [1, 16, 64];

/** The quartiles of some numbers. */
function quartiles(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return [0.25, 0.5, 0.75].map((share) => sorted[Math.floor(share * (sorted.length - 1))]);
}

/** The ratios of one turn: what a call of the second target takes, as a share of what one of the first takes. */
async function turn([first, second], connections, reversed) {
  const results = new Map();
  for (const target of reversed ? [second, first] : [first, second]) results.set(target, await load(target, connections, 1));
  const [before, after] = [results.get(first), results.get(second)];
  return { cpu: after.cpu / before.cpu, time: before.perSecond / after.perSecond };
}

async function compare(title, targets, turns) {
  console.log(turnsHeading(title, turns));
  for (const connections of CONNECTIONS) {
    await turn(targets, connections, false);
    const ratios = [];
    for (let at = 0; at < turns; at += 1) ratios.push(await turn(targets, connections, at % 2 === 1));
    console.log(turnsRow(connections, quartiles(ratios.map(({ cpu }) => cpu)), quartiles(ratios.map(({ time }) => time))));
  }
}

/** What a hundred rules cost a call: two teams of one gateway. */
export async function comparePolicies(state, turns, direct) {
  const upstream = await startListening("bench/upstream.mjs");
  const gateway = await startGateway(state, upstream, direct);
  const target = (team) => ({ name: team, ...gateway, ...gateway[team] });
  await compare("A hundred rules against none", [target("unruled"), target("ruled")], turns);
  await gateway.miniflare.dispose();
}

/** What this build costs a call beside the one in `other`: two gateways. */
export async function compareBuilds(state, turns, direct, other) {
  const upstream = await startListening("bench/upstream.mjs");
  cpSync(state, `${state}-other`, { recursive: true });
  const before = await startGateway(`${state}-other`, upstream, direct, modulesOf(other));
  const after = await startGateway(state, upstream, direct, gatewayModules);
  for (const call of ["local", "proxied"]) {
    const targets = [before, after].map((gateway) => ({ name: call, ...gateway, ...gateway[call] }));
    await compare(`A ${call} tool call of this build against ${other}`, targets, turns);
  }
  for (const { miniflare } of [before, after]) await miniflare.dispose();
}
