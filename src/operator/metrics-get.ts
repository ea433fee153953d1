import { request as plain } from "node:http";
import { request as secure } from "node:https";

/** A longer answer is no process's metrics. */
const MOST_BYTES = 16 << 20;

/**
 * What a process's /metrics say: a GET without a word of ours, without redirects, bounded in time and length.
 * @param ms for the whole answer.
 * @throws Error that names the host and what is wrong.
 */
export function metricsAt(url: string, ms: number): Promise<string> {
  const { host, pathname, protocol } = new URL(url);
  const request = protocol === "https:" ? secure : plain;
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: Error) => reject(new Error(`${host} cannot be read: ${why}`, { cause }));
    const failed = (error: NodeJS.ErrnoException) => {
      const late = error.name === "AbortError" || error.name === "TimeoutError";
      fail(late ? `no answer within ${ms / 1_000} s` : (error.code ?? error.message), error);
    };
    const asked = request(url, { signal: AbortSignal.timeout(ms), agent: false }, (response) => {
      if (response.statusCode !== 200) {
        response.destroy();
        reject(new Error(`${host} answers ${response.statusCode} at ${pathname}`));
        return;
      }
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
        if (text.length <= MOST_BYTES) return;
        fail(`its answer is longer than ${MOST_BYTES >> 20} MB`);
        asked.destroy();
      });
      response.on("error", failed);
      response.on("end", () => resolve(text));
    });
    asked.on("error", failed);
    asked.end();
  });
}
