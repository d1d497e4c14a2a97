// What a program may write with the types that are generated from /openapi.json.
import type { components, paths } from "./generated";

type Body = {
  [Name in "CreateBody" | "JoinBody" | "SendBody" | "LinkBody" | "ChangeBody"]:
    components["schemas"][Name];
};

// Whatever a body need not hold may be left out.
export const nothing: Body["CreateBody"] = {};
export const titled: Body["CreateBody"] = { title: "Tea" };
export const nulls: Body["JoinBody"] = { user_id: null, username: "Ben" };
export const said: Body["SendBody"] = { message: "Hello" };
export const link: Body["LinkBody"] = { role: "reader" };
export const kept: Body["ChangeBody"] = { keep_days: 7 };

// @ts-expect-error  a message has to be there
export const unsaid: Body["SendBody"] = {};
// @ts-expect-error  messages are not kept for two days
export const odd: Body["ChangeBody"] = { keep_days: 2 };

// A body is asked for where one is needed, and nowhere else.
type Asked<Call> = Call extends { requestBody: unknown } ? "needed" : "not needed";
export const send: Asked<paths["/api/conversations/{room_id}/messages"]["post"]> = "needed";
export const create: Asked<paths["/api/conversations/create"]["post"]> = "not needed";
export const end: Asked<paths["/api/conversations/{room_id}/end"]["post"]> = "not needed";

// What is in every reply need not be asked for twice; what is not has to be.
export function read(reply: components["schemas"]["JoinReply"]): string {
  const isTrue: true = reply.success;
  const door: "knock" | "locked" | "open" | "passphrase" = reply.conversation.door;
  // @ts-expect-error  a page of our own gets none
  const token: string = reply.token;
  return `${isTrue} ${door} ${token}`;
}
