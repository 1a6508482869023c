// What the gateway counted, as an administrator or the operator may read it.
import type { Activity } from "../core/activity.ts";
import { Refused, askWith } from "./api.ts";
import { send } from "./session.ts";

/** The activity of the person's tenant in the last so many minutes. */
export async function activity(minutes: number): Promise<Activity> {
  const response = await send(new Request(`${location.origin}/admin/activity?minutes=${minutes}`));
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw new Refused(response, body);
  return body as Activity;
}

/** The activity of every tenant, for the operator. */
export const everyActivity = (minutes: number, operator: string): Promise<Activity> =>
  askWith(`/admin/tenants/activity?minutes=${minutes}`, operator);
