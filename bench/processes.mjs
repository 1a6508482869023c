// Servers beside the Workers, each in a process of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";

/** Starts a script that prints its address when it listens; gives the address. */
export async function startListening(script, ...args) {
  const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  process.on("exit", () => child.kill());
  return String((await once(child.stdout, "data"))[0]).trim();
}
