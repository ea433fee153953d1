// What protoc-gen-es makes of order.proto, here made when the program starts.
import { create, createFileRegistry, type Message } from "@bufbuild/protobuf";
import type { GenMessage, GenService } from "@bufbuild/protobuf/codegenv2";
import {
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";

type FindRequest = Message<"order.FindRequest"> & { id: string };
type FoundOrder = Message<"order.FoundOrder"> & { id: string; servedBy: string };

const text = (name: string, number: number, jsonName = name) => {
  return { name, jsonName, number, type: Type.STRING, label: Label.OPTIONAL };
};
const file = create(FileDescriptorProtoSchema, {
  name: "order.proto",
  package: "order",
  syntax: "proto3",
  messageType: [
    { name: "FindRequest", field: [text("id", 1)] },
    { name: "FoundOrder", field: [text("id", 1), text("served_by", 2, "servedBy")] },
  ],
  service: [
    { name: "Order", method: [{ name: "Find", inputType: ".order.FindRequest", outputType: ".order.FoundOrder" }] },
  ],
});

export const Order = createFileRegistry(file, () => undefined).getService("order.Order") as unknown as GenService<{
  find: { methodKind: "unary"; input: GenMessage<FindRequest>; output: GenMessage<FoundOrder> };
}>;
