// What happens to changes of what an upstream offers.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { manages } from "../core/permission.ts";
import { type Schemas, api, ask, ifStill } from "../gateway/api.ts";
import { Form } from "../parts/action.tsx";
import { Field } from "../parts/field.tsx";
import { useLoad } from "../parts/loading.ts";
import { usePerson } from "../parts/person.ts";
import { Shown } from "../parts/shown.tsx";

type Said = Schemas["ReactionView"];
type Member = Exclude<keyof Said, "version">;

const MEMBERS: readonly { member: Member; label: string; choices: readonly [string, string][] }[] = [
  {
    member: "first_sight",
    label: "What is seen first",
    choices: [
      ["approve", "serves at once, unless it is suspicious"],
      ["review", "waits for a person"],
    ],
  },
  {
    member: "cosmetic",
    label: "Other words, same meaning",
    choices: [
      ["accept", "accepted"],
      ["ask", "waits for a person"],
    ],
  },
  {
    member: "additive",
    label: "Something new that breaks nothing",
    choices: [
      ["accept", "accepted"],
      ["ask", "waits for a person"],
    ],
  },
  {
    member: "quarantined",
    label: "What waits is meanwhile",
    choices: [
      ["hidden", "not listed"],
      ["pinned", "listed as it was approved"],
    ],
  },
];

export function Reaction({ upstream }: { upstream: string }): JSX.Element {
  const said = useLoad(
    () => ask(api.GET("/admin/upstreams/{id}/reaction", { params: { path: { id: upstream } } })),
    [upstream],
  );
  return (
    <details>
      <summary>What happens to its changes</summary>
      <Shown of={said} what="the settings">
        {(value) => <Edit key={value.version} upstream={upstream} said={value} again={said.again} />}
      </Shown>
    </details>
  );
}

function Edit({ upstream, said, again }: { upstream: string; said: Said; again: () => Promise<void> }): JSX.Element {
  const may = manages(usePerson());
  const [wanted, setWanted] = useState<Record<Member, string>>(said);
  const change = async (): Promise<void> => {
    const { first_sight, cosmetic, additive, quarantined } = wanted;
    const body = { first_sight, cosmetic, additive, quarantined } as Schemas["Reaction"];
    await ask(
      api.PUT("/admin/upstreams/{id}/reaction", {
        params: { path: { id: upstream }, header: ifStill(said.version) },
        body,
      }),
    );
    await again();
  };
  return (
    <Form label="Keep this" run={change} done="It holds from the next change on." disabled={!may}>
      {MEMBERS.map(({ member, label, choices }) => (
        <Field key={member} label={label}>
          {(id) => (
            <select
              id={id}
              disabled={!may}
              value={wanted[member]}
              onChange={(event) => setWanted({ ...wanted, [member]: event.currentTarget.value })}
            >
              {choices.map(([value, words]) => (
                <option key={value} value={value}>
                  {words}
                </option>
              ))}
            </select>
          )}
        </Field>
      ))}
      <p class="quiet">What breaks or is suspicious waits for a person always.</p>
    </Form>
  );
}
