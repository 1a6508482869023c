// What the gateway counted, as an administrator or the operator may read it.
import type { Activity } from "../core/activity.ts";
import { api, ask, askWith } from "./api.ts";

/** The activity of the person's tenant in the last so many minutes: whose it is need not be said. */
export async function activity(minutes: number): Promise<Activity> {
  const told = await ask(api.GET("/admin/activity", { params: { query: { minutes } } }));
  return { ...told, series: told.series.map(({ upstream, points }) => ({ upstream, points })) };
}

/** The activity of every tenant, for the operator. */
export const everyActivity = (minutes: number, operator: string): Promise<Activity> =>
  askWith(`/admin/activity?minutes=${minutes}`, operator);
