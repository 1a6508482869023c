// Calls that wait for a person, or waited.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { manages } from "../core/permission.ts";
import { type Schemas, api, ask } from "../gateway/api.ts";
import { Action } from "../parts/action.tsx";
import { useList } from "../parts/loading.ts";
import { usePerson } from "../parts/person.ts";
import { More, Shown } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";
import { useNames } from "../parts/users.tsx";
import { Json, Visible, When } from "../parts/visible.tsx";

const STATES = ["asked", "approved", "refused", "used"] as const;
type State = (typeof STATES)[number];

export function Approvals(): JSX.Element {
  const person = usePerson();
  const names = useNames();
  const [state, setState] = useState<State>("asked");
  const waiting = useList(
    (cursor) =>
      ask(api.GET("/admin/approvals", { params: { query: { state, ...(cursor !== undefined && { cursor }) } } })),
    [state],
  );
  const decide = (id: string, approve: boolean) => async (): Promise<void> => {
    await ask(api.POST("/admin/approvals/{id}", { params: { path: { id } }, body: { approve } }));
    await waiting.again();
  };
  const buttons = (one: Schemas["ApprovalView"]): JSX.Element | string => {
    if (one.state !== "asked") return one.decided_by === null ? "" : `by ${names(one.decided_by)}`;
    if (!manages(person)) return "";
    if (one.user === person.sub) return "your own: another decides";
    return (
      <div class="buttons">
        <Action
          label="Approve"
          about={one.tool}
          primary
          run={decide(one.id, true)}
          done="Approved: the same call goes through once, within a quarter of an hour."
        />
        <Action label="Refuse" about={one.tool} danger run={decide(one.id, false)} done="Refused." />
      </div>
    );
  };
  return (
    <>
      <label>
        Show what was{" "}
        <select value={state} onChange={(event) => setState(event.currentTarget.value as State)}>
          {STATES.map((one) => (
            <option key={one} value={one}>
              {one === "asked" ? "asked, and waits" : one}
            </option>
          ))}
        </select>
      </label>
      <Shown
        of={waiting}
        what="the calls"
        none={state === "asked" ? "No call waits for approval." : `No call was ${state}.`}
      >
        {(all) => (
          <Table
            caption="Calls that wait for approval, or waited"
            rows={all}
            id={({ id }) => id}
            columns={[
              { head: "Tool", cell: ({ tool }) => <Visible text={tool} /> },
              { head: "Who", cell: ({ user }) => names(user) },
              { head: "Asked", cell: ({ created_at }) => <When at={created_at} /> },
              { head: "Until", cell: ({ expires_at }) => <When at={expires_at} /> },
              { head: "Arguments", cell: (one) => <Json value={one.arguments} /> },
              { head: "", cell: buttons },
            ]}
          />
        )}
      </Shown>
      <More of={waiting} />
    </>
  );
}
