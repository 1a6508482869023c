// What one thing costs beside another that differs in nothing else: loaded in turns.
//
// A machine's speed changes from second to second by more than most things cost. So each second of one is compared with the
// second of the other beside it, who goes first changes with every turn, and what counts is the middle of these ratios.
import { cpSync } from "node:fs";
import { startGateway } from "./gateway.mjs";
import { load } from "./load.mjs";
import { startListening } from "./processes.mjs";
import { turnsHeading, turnsRow } from "./table.mjs";
import { modulesOf } from "./workers.mjs";

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

/** The ratios of some turns, after one that warms both up. */
async function ratios(targets, connections, turns) {
  await turn(targets, connections, false);
  const all = [];
  for (let at = 0; at < turns; at += 1) all.push(await turn(targets, connections, at % 2 === 1));
  return all;
}

function print(connections, all) {
  console.log(turnsRow(connections, quartiles(all.map(({ cpu }) => cpu)), quartiles(all.map(({ time }) => time))));
}

/** What a hundred rules cost a call: two teams of one gateway. */
export async function comparePolicies(state, turns, direct) {
  const upstream = await startListening("bench/upstream.mjs");
  const gateway = await startGateway(state, upstream, direct);
  const targets = ["unruled", "ruled"].map((team) => ({ name: team, ...gateway, ...gateway[team] }));
  console.log(turnsHeading("A hundred rules against none", turns));
  for (const connections of CONNECTIONS) print(connections, await ratios(targets, connections, turns));
  await gateway.miniflare.dispose();
}

/** What this build costs a call beside the one in `other`: two gateways. */
export async function compareBuilds(state, turns, direct, other) {
  const upstream = await startListening("bench/upstream.mjs");
  const modules = modulesOf(other);
  await compareGateways(`of this build against ${other}`, state, turns, [
    (copy) => startGateway(copy, upstream, direct, { modules }),
    (copy) => startGateway(copy, upstream, direct),
  ]);
}

/** What it costs a call to be traced: two gateways, one of which sends a share of its traces to a collector. */
export async function compareTraces(state, turns, direct, share) {
  const upstream = await startListening("bench/upstream.mjs");
  const collector = await startListening("bench/collector.mjs");
  const more = { OTEL_EXPORTER_OTLP_ENDPOINT: collector, OTEL_TRACES_SAMPLER_ARG: share };
  await compareGateways(`with a share of ${share} traced against none`, state, turns, [
    (copy) => startGateway(copy, upstream, direct),
    (copy) => startGateway(copy, upstream, direct, { more }),
  ]);
}

/**
 * Compares two gateways, each started twice, first and second: of two that are the same, the one that was started second has
 * been seen to be some percent quicker.
 */
async function compareGateways(how, state, turns, starters) {
  const found = { local: CONNECTIONS.map(() => []), proxied: CONNECTIONS.map(() => []) };
  for (const order of [[0, 1], [1, 0]]) {
    const gateways = [];
    for (const which of order) {
      const copy = `${state}-${order.join("")}-${which}`;
      cpSync(state, copy, { recursive: true });
      gateways[which] = await starters[which](copy);
    }
    for (const [call, all] of Object.entries(found)) {
      const targets = gateways.map((gateway) => ({ name: call, ...gateway, ...gateway[call] }));
      for (const [at, connections] of CONNECTIONS.entries()) {
        all[at].push(...(await ratios(targets, connections, Math.ceil(turns / 2))));
      }
    }
    for (const { miniflare } of gateways) await miniflare.dispose();
  }
  for (const [call, all] of Object.entries(found)) {
    console.log(turnsHeading(`A ${call} tool call ${how}`, 2 * Math.ceil(turns / 2)));
    for (const [at, connections] of CONNECTIONS.entries()) print(connections, all[at]);
  }
}
