// What the policies say of a call, without making it.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { object } from "../core/schema.ts";
import { type Schemas, api, ask } from "../gateway/api.ts";
import { Form } from "../parts/action.tsx";
import { Field, TextArea } from "../parts/field.tsx";
import { useLoad } from "../parts/loading.ts";
import { usePerson } from "../parts/person.ts";
import { Problem } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";
import { ChooseUser, useUsers } from "../parts/users.tsx";
import { Json, Tag, Visible } from "../parts/visible.tsx";
import { effectLooks } from "./policies.tsx";

/** A rule's part in a decision. */
type Part = { readonly id: string; readonly name: string; readonly effect: string; readonly finding: unknown };
type Said = Readonly<Record<string, unknown>>;

const DECISIONS: Record<string, ["good" | "warn" | "bad", string]> = {
  allowed: ["good", "allowed"],
  refused: ["bad", "refused"],
  hidden: ["bad", "hidden: it is as if there were no such tool"],
  needs_approval: ["warn", "waits for a person's approval"],
};

/** What decides besides a policy. */
const BASES: Record<string, string> = {
  default: "the tenant's default",
  built_in: "what the role is for",
  key: "what the API key leaves",
};

const FINDINGS: Record<string, string> = {
  other_action: "is about another action",
  other_subject: "is about somebody else",
  other_thing: "is about another thing",
  condition_false: "its condition does not hold",
  condition_unknown: "its condition depends on arguments that are not known",
  holds: "holds",
};

function finding(found: unknown): string {
  if (typeof found === "string") return FINDINGS[found] ?? found.replaceAll("_", " ");
  return `its condition cannot be evaluated (${JSON.stringify(found)}): taken for the safe side`;
}

export function Explainer({ policies }: { policies: readonly Schemas["PolicyView"][] }): JSX.Element {
  const person = usePerson();
  const users = useUsers();
  const tools = useLoad(() => ask(api.GET("/mcp/tools")), []);
  const [user, setUser] = useState(person.sub);
  const [tool, setTool] = useState("");
  const [typed, setTyped] = useState("");
  const [said, setSaid] = useState<Said>();
  const explain = async (): Promise<void> => {
    const arguments_ = typed.trim() === "" ? undefined : object(typed);
    if (arguments_ && "wrong" in arguments_) throw new Error(arguments_.wrong);
    const upstream = tool.includes("__") ? tool.split("__", 1)[0] : undefined;
    const body = {
      user,
      tool,
      ...(upstream !== undefined && { upstream }),
      ...(arguments_ && { arguments: arguments_.value }),
    };
    setSaid(await ask(api.POST("/admin/policies/explain", { body })));
  };
  return (
    <div class="panel">
      <Form label="Explain" run={explain} disabled={tool === ""}>
        <div class="fields">
          <ChooseUser label="Who" of={users} value={user} choose={setUser} />
          <Field label="Calls the tool">
            {(id) => (
              <>
                <input
                  id={id}
                  list={`${id}-tools`}
                  autoComplete="off"
                  value={tool}
                  onInput={(event) => setTool(event.currentTarget.value)}
                />
                <datalist id={`${id}-tools`}>
                  {(tools.value?.tools ?? []).map(({ name }) => (
                    <option key={name} value={name} />
                  ))}
                </datalist>
              </>
            )}
          </Field>
          <TextArea
            label="With arguments, as JSON (optional)"
            hint="Without them it is only looked at, as in a list."
            rows={2}
            value={typed}
            set={setTyped}
          />
        </div>
      </Form>
      {said && <Decision said={said} policies={policies} />}
    </div>
  );
}

function Decision({ said, policies }: { said: Said; policies: readonly Schemas["PolicyView"][] }): JSX.Element {
  const decision = typeof said["decision"] === "string" ? said["decision"] : "";
  const [looks, words] = DECISIONS[decision] ?? ["warn", decision.replaceAll("_", " ")];
  const by = said["by"];
  const rule = typeof by === "object" && by !== null && "rule" in by ? by.rule : undefined;
  const decided = policies.find(({ id }) => id === rule);
  const parts = Array.isArray(said["rules"]) ? (said["rules"] as Part[]) : [];
  if (decision === "") return <Problem error={new Error("The answer cannot be read.")} />;
  return (
    <div role="status">
      <p>
        <Tag is={looks}>{words}</Tag>{" "}
        {rule !== undefined ? (
          <>
            by the policy{" "}
            <strong>
              <Visible text={String(decided?.rule["name"] ?? rule)} />
            </strong>
          </>
        ) : (
          `by ${BASES[String(by)] ?? String(by)}`
        )}
      </p>
      {parts.length > 0 && (
        <Table
          caption="What each policy came to"
          rows={parts}
          id={({ id }) => id}
          current={({ id }) => id === rule}
          columns={[
            { head: "Policy", cell: ({ name }) => <Visible text={name} /> },
            { head: "Effect", cell: ({ effect }) => <Tag is={effectLooks(effect)}>{effect}</Tag> },
            { head: "Came to", cell: (part) => finding(part.finding) },
          ]}
        />
      )}
      <details>
        <summary>The whole answer</summary>
        <Json value={said} />
      </details>
    </div>
  );
}
