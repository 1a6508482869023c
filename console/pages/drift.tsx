// What upstreams changed and nobody has approved: the difference, and the decision. Every text here is an upstream's, and hostile
// until somebody has read it.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { manages } from "../core/permission.ts";
import { to } from "../core/place.ts";
import { counted } from "../core/text.ts";
import { type Schemas, api, ask } from "../gateway/api.ts";
import { Action } from "../parts/action.tsx";
import { useList, useLoad } from "../parts/loading.ts";
import { usePerson } from "../parts/person.ts";
import { More, Shown } from "../parts/shown.tsx";
import { Table } from "../parts/table.tsx";
import { useNames } from "../parts/users.tsx";
import { Json, Tag, Visible, When } from "../parts/visible.tsx";

type Pin = Schemas["PinView"];
type Detail = Schemas["PinDetail"];

const STANDINGS = ["waiting", "approved", "held", "quarantined", "refused"] as const;
type Standing = (typeof STANDINGS)[number];
const WORST: Record<Pin["verdict"], number> = { suspicious: 0, breaking: 1, additive: 2, cosmetic: 3, identical: 4 };
const LOOKS: Record<Pin["verdict"], "bad" | "warn" | "plain"> = {
  suspicious: "bad",
  breaking: "bad",
  additive: "warn",
  cosmetic: "plain",
  identical: "plain",
};

/** What is approved in one go: what waits in a version that is no danger by itself. */
const harmless = (pin: Pin): boolean =>
  pin.proposed !== null && (pin.verdict === "additive" || pin.verdict === "cosmetic");

export function Drift({ chosen }: { chosen: string | undefined }): JSX.Element {
  const person = usePerson();
  const [standing, setStanding] = useState<Standing>("waiting");
  const pins = useList(
    (cursor) =>
      ask(
        api.GET("/admin/pins", {
          params: { query: { standing, limit: 100, ...(cursor !== undefined && { cursor }) } },
        }),
      ),
    [standing],
  );
  const sorted = (all: Pin[]): Pin[] =>
    [...all].sort((a, b) => WORST[a.verdict] - WORST[b.verdict] || b.changed_at - a.changed_at);
  const many = (pins.value ?? []).filter(harmless);
  const approveMany = async (): Promise<void> => {
    const body = { pins: many.map(({ id, proposed }) => ({ id, fingerprint: proposed ?? "" })) };
    await ask(api.POST("/admin/pins/approve", { body }));
    await pins.again();
  };
  return (
    <>
      {chosen !== undefined && <One key={chosen} id={chosen} decided={pins.again} />}
      <div class="line">
        <label>
          Show what is{" "}
          <select value={standing} onChange={(event) => setStanding(event.currentTarget.value as Standing)}>
            {STANDINGS.map((one) => (
              <option key={one} value={one}>
                {one === "waiting" ? "waiting for a decision" : one}
              </option>
            ))}
          </select>
        </label>
        {manages(person) && standing === "waiting" && many.length > 1 && (
          <Action
            label={`Approve the ${many.length} that add or reword`}
            run={approveMany}
            done="Approved: shown and called again within five seconds."
            confirm={{
              title: `Approve ${counted(many.length, "change")}?`,
              words: (
                <ul>
                  {many.map((pin) => (
                    <li key={pin.id}>
                      {pin.upstream}: <Visible text={pin.name} /> ({pin.verdict})
                    </li>
                  ))}
                </ul>
              ),
            }}
          />
        )}
      </div>
      <Shown
        of={pins}
        what="the changes"
        none={
          standing === "waiting" ? "Nothing waits: every upstream offers what was approved." : `Nothing is ${standing}.`
        }
      >
        {(all) => (
          <Table
            caption="What upstreams offer"
            rows={sorted(all)}
            id={({ id }) => id}
            current={({ id }) => id === chosen}
            columns={[
              {
                head: "Name",
                cell: ({ id, name }) => (
                  <a href={to("drift", id)}>
                    <Visible text={name} />
                  </a>
                ),
              },
              { head: "Upstream", cell: ({ upstream }) => upstream },
              { head: "Kind", cell: ({ kind }) => kind },
              { head: "Change", cell: ({ verdict }) => <Tag is={LOOKS[verdict]}>{verdict}</Tag> },
              { head: "Standing", cell: ({ standing, absent }) => `${standing}${absent ? ", not offered now" : ""}` },
              { head: "Since", cell: ({ changed_at }) => <When at={changed_at} /> },
            ]}
          />
        )}
      </Shown>
      <More of={pins} />
    </>
  );
}

function One({ id, decided }: { id: string; decided: () => Promise<void> }): JSX.Element {
  const pin = useLoad(() => ask(api.GET("/admin/pins/{id}", { params: { path: { id } } })), [id]);
  const again = async (): Promise<void> => {
    await Promise.all([pin.again(), decided()]);
  };
  return (
    <section class="panel" aria-label="The change that is looked at">
      <Shown of={pin} what="the change">
        {(value) => <Change pin={value} again={again} />}
      </Shown>
      <p>
        <a href={to("drift")}>Close</a>
      </p>
    </section>
  );
}

function Change({ pin, again }: { pin: Detail; again: () => Promise<void> }): JSX.Element {
  const person = usePerson();
  const names = useNames();
  const decide = (fingerprint: string, approve: boolean) => async (): Promise<void> => {
    await ask(api.POST("/admin/pins/{id}", { params: { path: { id: pin.id } }, body: { fingerprint, approve } }));
    await again();
  };
  return (
    <>
      <h2>
        <Visible text={pin.name} />
      </h2>
      <p>
        A {pin.kind} of <a href={to("upstreams", pin.upstream)}>{pin.upstream}</a>, {pin.standing}
        {pin.absent ? ", not offered now" : ""}, since <When at={pin.changed_at} />.{" "}
        <Tag is={LOOKS[pin.verdict]}>{pin.verdict}</Tag>
      </p>
      {pin.approved === null && pin.proposed !== null && <p class="quiet">Nothing of it was approved before.</p>}
      <p class="quiet">
        What follows are the upstream's words. They are shown as text, and characters that would not be seen as their
        codes.
      </p>
      <Difference lines={pin.diff} />
      {manages(person) && pin.proposed !== null && (
        <div class="buttons">
          <Action
            label="Approve"
            about={pin.name}
            primary
            run={decide(pin.proposed, true)}
            done="Approved: it is shown and called within five seconds."
            confirm={{
              title: "Approve this version?",
              words: (
                <p>
                  From then on <Visible text={pin.name} /> of {pin.upstream} is shown to agents and called in this
                  version
                  {pin.verdict === "suspicious"
                    ? ". The gateway finds it suspicious: read every line of the difference first"
                    : ""}
                  .
                </p>
              ),
            }}
          />
          <Action
            label="Refuse"
            about={pin.name}
            danger
            run={decide(pin.proposed, false)}
            done="Refused: it is not shown in this version."
          />
        </div>
      )}
      {pin.proposed === null && <p class="quiet">Nothing waits for a decision.</p>}
      <h3>Versions</h3>
      {pin.versions.map((version) => (
        <details key={version.fingerprint}>
          <summary>
            <code>{version.fingerprint.slice(0, 12)}</code> seen <When at={version.seen_at} />
            {version.fingerprint === pin.approved
              ? " (approved)"
              : version.fingerprint === pin.proposed
                ? " (waits)"
                : ""}
          </summary>
          <Json value={version.definition} />
          {manages(person) && version.fingerprint !== pin.approved && version.fingerprint !== pin.proposed && (
            <Action
              label="Go back to this version"
              run={decide(version.fingerprint, true)}
              done="Approved."
              confirm={{
                title: "Approve this older version?",
                words: "What the upstream offers now waits until it fits.",
              }}
            />
          )}
        </details>
      ))}
      <details>
        <summary>What happened to it</summary>
        <ol>
          {pin.history.map((one) => (
            <li key={`${one.at} ${one.happening} ${one.fingerprint}`}>
              <When at={one.at} />: {one.happening} ({one.verdict}){one.by ? ` by ${names(one.by)}` : ""}
            </li>
          ))}
        </ol>
      </details>
    </>
  );
}

/** The lines of a difference: what went, what came, and what that means. */
function Difference({ lines }: { lines: readonly string[] }): JSX.Element {
  if (lines.length === 0) return <p class="empty">There is no difference.</p>;
  return (
    <pre class="diff" tabIndex={0} aria-label="The difference">
      {lines.map((line, index) => {
        const mark = line.trimStart()[0];
        return (
          <span key={index} class={mark === "+" ? "came" : mark === "-" ? "went" : undefined}>
            <Visible text={line} />
            {"\n"}
          </span>
        );
      })}
    </pre>
  );
}
