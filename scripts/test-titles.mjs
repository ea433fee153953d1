// A reporter for Node's test runner: a line of JSON for each test that has passed or failed, as soon as it has.
export default async function* titles(events) {
  for await (const { type, data } of events) {
    if ((type !== "test:pass" && type !== "test:fail") || data.details?.type === "suite" || data.skip !== undefined)
      continue;
    yield `${JSON.stringify({ passed: type === "test:pass", title: data.name })}\n`;
  }
}
