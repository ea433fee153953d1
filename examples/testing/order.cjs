// A service of ours, and a program that calls it: what is to be tested.
const grpc = require("@grpc/grpc-js");
const { createClient, createServer } = require("rollcall");

const json = {
  requestSerialize: (value) => Buffer.from(JSON.stringify(value)),
  requestDeserialize: (bytes) => JSON.parse(bytes.toString()),
  responseSerialize: (value) => Buffer.from(JSON.stringify(value)),
  responseDeserialize: (bytes) => JSON.parse(bytes.toString()),
};
const OrderService = { find: { path: "/order.Order/Find", requestStream: false, responseStream: false, ...json } };
const OrderClient = grpc.makeClientConstructor(OrderService, "order.Order");

exports.orderServer = (config) =>
  createServer(config, (server) =>
    server.addService(OrderService, { find: ({ request }, callback) => callback(null, { id: request.id }) }),
  );

exports.Shop = class Shop {
  constructor(config) {
    this.orders = createClient(OrderClient, config);
  }
  find(id) {
    return new Promise((resolve, reject) => {
      this.orders.find({ id }, (error, order) => (error ? reject(error) : resolve(order)));
    });
  }
  close() {
    this.orders.close();
  }
};
