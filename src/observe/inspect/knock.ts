import { connect } from "node:net";

/**
 * Whether somebody listens at a socket. A number of a process tells less: it may be another process's by now, or one of another
 * container that shares the folder.
 */
export function knock(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (answers: boolean) => {
      socket.destroy();
      resolve(answers);
    };
    socket.once("connect", () => end(true));
    // Anything else, such as a queue that is full, is said by somebody who is there.
    socket.once("error", ({ code }: NodeJS.ErrnoException) => end(code !== "ECONNREFUSED" && code !== "ENOENT"));
  });
}
