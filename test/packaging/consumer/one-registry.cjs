// A backend that was registered by import is found by a pool that was had by require(): prints the address it calls.
const { once } = require("node:events");
const { createPool } = require("rollcall/pool");

async function main() {
  const { registerBackend } = await import("rollcall");
  registerBackend("fixed", {
    discovery: () => ({
      async *watch(_service, { signal }) {
        yield [{ address: "127.0.0.1:8080" }];
        await once(signal, "abort").catch(() => {});
      },
    }),
  });
  const pool = createPool("fixed://127.0.0.1:1/order", { connect: ({ address }) => address, waitMs: 20_000 });
  console.log(await pool.run((address) => address));
  await pool.close();
}

void main();
