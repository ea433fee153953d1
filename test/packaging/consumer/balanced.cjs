// Three servers, one client and the dev registry: prints how many of 300 calls each server answered, as JSON.
module.exports = async function balanced(grpc, { createClient, createServer }, { startDevRegistry }) {
  const json = {
    requestSerialize: (value) => Buffer.from(JSON.stringify(value)),
    requestDeserialize: (bytes) => JSON.parse(bytes.toString()),
    responseSerialize: (value) => Buffer.from(JSON.stringify(value)),
    responseDeserialize: (bytes) => JSON.parse(bytes.toString()),
  };
  const service = { say: { path: "/test.Echo/Say", requestStream: false, responseStream: false, ...json } };
  const registry = await startDevRegistry();
  const Etcd = { Hosts: [registry.endpoint], Key: "echo.rpc" };

  const servers = [1, 2, 3].map((name) => {
    // No shedding: what is tested is the package, on a machine that may be busy.
    const Shutdown = { WrapUpTime: 50, WaitTime: 2000 };
    const config = { Name: "echo.rpc", ListenOn: "127.0.0.1:0", Etcd, Shutdown, CpuThreshold: 0 };
    const say = (_call, callback) => setTimeout(callback, 10, null, { name });
    return createServer(config, (server) => server.addService(service, { say }));
  });
  await Promise.all(servers.map((server) => server.start()));

  const client = createClient(grpc.makeClientConstructor(service, "test.Echo"), { Etcd, Timeout: 20_000 });
  const say = () =>
    new Promise((resolve, reject) => client.say({}, (error, reply) => (error ? reject(error) : resolve(reply.name))));
  const counts = { 1: 0, 2: 0, 3: 0 };
  const wave = async () => {
    for (const name of await Promise.all(Array.from({ length: 30 }, say))) counts[name] += 1;
  };
  // Until all three are connected, those that are get the calls.
  while (Object.values(counts).includes(0)) await wave();
  for (const name in counts) counts[name] = 0;
  for (let i = 0; i < 10; i++) await wave();
  console.log(JSON.stringify(counts));

  client.close();
  await Promise.all(servers.map((server) => server.stop()));
  await registry.close();
};
