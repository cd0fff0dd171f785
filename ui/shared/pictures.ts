/** Pictures to and from the service: the visitor's token goes in a header, so no address alone opens one. */

export interface Sent {
  id: string;
  seq: number;
}

/** Why a picture was not taken, in words for people where the service said some; an empty text: no connection. */
export class NotTaken extends Error {}

const TIMEOUT = 130_000;

/**
 * @param messageId the same for every try, so that the picture counts once
 * @param onProgress is told the share that has left, from 0 to 1
 */
export function sendPicture(
  origin: string,
  token: string,
  messageId: string,
  file: File,
  onProgress: (share: number) => void,
): Promise<Sent> {
  return new Promise((resolve, reject) => {
    // `fetch` does not tell how far an upload is.
    const request = new XMLHttpRequest();
    request.open("POST", new URL("/api/chat/evidence", origin).href);
    request.timeout = TIMEOUT;
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-Zhike-Visitor", token);
    request.setRequestHeader("X-Zhike-Message", messageId);
    request.setRequestHeader("X-Zhike-Name", encodeURIComponent(wellFormed(file.name.slice(-100))));
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onload = () => {
      const told = readJson(request.responseText);
      if (request.status === 200 && typeof told.id === "string") resolve({ id: told.id, seq: Number(told.seq) });
      else reject(new NotTaken(reasonIn(told)));
    };
    request.onerror = request.ontimeout = () => reject(new NotTaken(""));
    request.send(file);
  });
}

/** A picture of this visitor's own conversation, as an address that only this page can open. */
export async function pictureUrl(origin: string, token: string, id: string, isPreview: boolean): Promise<string> {
  const address = new URL(`/api/evidence/${encodeURIComponent(id)}${isPreview ? "/preview" : ""}`, origin);
  const answer = await fetch(address, { headers: { "X-Zhike-Visitor": token }, credentials: "omit" });
  if (!answer.ok) throw new NotTaken("");
  return URL.createObjectURL(await answer.blob());
}

function readJson(text: string): Record<string, unknown> {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function reasonIn(told: Record<string, unknown>): string {
  const error = told.error;
  const message = typeof error === "object" && error !== null ? (error as Record<string, unknown>).message : "";
  return typeof message === "string" ? message : "";
}

/** Half an emoji cannot be percent-encoded. */
const wellFormed = (name: string): string => name.replace(/[\ud800-\udfff]/g, "");
