import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testBackend } from "rollcall/backend-tests";
import { folderBackend } from "./folder.js";

testBackend({
  scheme: "folder",
  backend: folderBackend,
  async start() {
    const folder = await mkdtemp(join(tmpdir(), "registry-"));
    return {
      target: (service) => `folder://${folder}?key=${service}`,
      break: () => rename(folder, `${folder}-away`),
      restore: () => rename(`${folder}-away`, folder),
      async stop() {
        for (const path of [folder, `${folder}-away`]) await rm(path, { recursive: true, force: true });
      },
    };
  },
});
