// The keys of a stand-in for an OpenID provider. The first line it prints are their public halves; after that it answers
// each line, {"key": …, "input": …}, with one line: the signature of the input, in base64url.
import { generateKeyPairSync, sign } from "node:crypto";
import { createInterface } from "node:readline";

const rsa = () => generateKeyPairSync("rsa", { modulusLength: 2048 });
const pairs = {
  rs: rsa(),
  stranger: rsa(),
  es: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  ed: generateKeyPairSync("ed25519"),
};

const told = Object.entries(pairs).map(([name, pair]) => [name, pair.publicKey.export({ format: "jwk" })]);
console.log(JSON.stringify(Object.fromEntries(told)));

createInterface({ input: process.stdin }).on("line", (line) => {
  const { key, input } = JSON.parse(line);
  const algorithm = key === "ed" ? null : "sha256";
  const signature = sign(algorithm, Buffer.from(input), { key: pairs[key].privateKey, dsaEncoding: "ieee-p1363" });
  console.log(signature.toString("base64url"));
});
