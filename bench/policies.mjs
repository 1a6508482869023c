// What a hundred rules cost a call: two teams of one gateway that differ in nothing else, loaded in turns.
//
// A machine's speed changes from second to second by more than rules cost. So each second of one team is compared with the
// second of the other beside it, who goes first changes with every turn, and what counts is the middle of these ratios.
import { startGateway } from "./gateway.mjs";
import { load } from "./load.mjs";
import { startListening } from "./processes.mjs";
import { rulesHeading, rulesRow } from "./table.mjs";

const CONNECTIONS = [1, 16, 64];

/** The quartiles of some numbers. */
function quartiles(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return [0.25, 0.5, 0.75].map((share) => sorted[Math.floor(share * (sorted.length - 1))]);
}

/** The ratios of one turn: what a call of the team with rules takes, as a share of what one of the other team takes. */
async function turn(targets, connections, reversed) {
  const results = {};
  for (const team of reversed ? ["ruled", "unruled"] : ["unruled", "ruled"]) {
    results[team] = await load(targets[team], connections, 1);
  }
  const { ruled, unruled } = results;
  return { cpu: ruled.cpu / unruled.cpu, time: unruled.perSecond / ruled.perSecond };
}

export async function comparePolicies(state, turns, direct) {
  const upstream = await startListening("bench/upstream.mjs");
  const gateway = await startGateway(state, upstream, direct);
  const target = (team) => ({ name: team, ...gateway, ...gateway[team] });
  const targets = { unruled: target("unruled"), ruled: target("ruled") };
  console.log(rulesHeading(turns));
  for (const connections of CONNECTIONS) {
    await turn(targets, connections, false);
    const ratios = [];
    for (let at = 0; at < turns; at += 1) ratios.push(await turn(targets, connections, at % 2 === 1));
    console.log(rulesRow(connections, quartiles(ratios.map(({ cpu }) => cpu)), quartiles(ratios.map(({ time }) => time))));
  }
  await gateway.miniflare.dispose();
}
