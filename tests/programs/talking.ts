// What a program in TypeScript may write with the types of /client.js, and that they are those of the client itself.
import * as client from "./client.js";
import type { Attachment, Message, Talk } from "./client.js";
import type * as source from "./source/js/client.js";

// The client has all that its types promise, and nothing is exported that they leave out.
type Public<Of> = { [Name in keyof Of]: Of[Name] };
declare const real: source.Talk;
export const talk: Public<Talk> = real;
export const join: (link: string | URL, wishes?: client.Wishes) => Promise<Public<Talk>> = null! as typeof source.join;
export const start: typeof client.start = null! as typeof source.start;
export const refused: Public<client.Refused> = null! as source.Refused;
export const over: Public<client.Over> = null! as source.Over;
export const badLink: typeof client.BadLink = null! as typeof source.BadLink;
export const unreachable: typeof client.Unreachable = null! as typeof source.Unreachable;
export const exported: Record<keyof typeof source, unknown> = client;
type Members = Exclude<keyof source.Talk, "begun" | "call">; // of its own use
export const members: Record<Members, unknown> = null! as Talk;

export async function echo(link: string): Promise<void> {
  const ben = await client.join(link, { name: "Ben", since: 0 });
  for await (const message of ben) {
    const sent = await ben.send(message.message, { replyTo: message, files: message.attachments });
    await ben.react(sent, "👍", { on: false });
    await ben.edit(sent.id, "Hello");
  }
  const file: Attachment = await ben.upload(new Blob(["Milk"]), { name: "list.txt" });
  const [first]: Message[] = await ben.history({ limit: 1 });
  // @ts-expect-error  there may be none
  const edited: string = first.edited_at;
  // @ts-expect-error  a message has a text
  await ben.send(7);
  // @ts-expect-error  it is made by `join`
  new client.Talk();
  try {
    await ben.download(file);
  } catch (error) {
    if (error instanceof client.Refused) console.log(error.code, error.retryAfter?.toFixed());
  }
  ben.close();
}
