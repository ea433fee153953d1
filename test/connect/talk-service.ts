// A service with calls of all four kinds, as protoc-gen-es would make it.
import { create, createFileRegistry, type Message } from "@bufbuild/protobuf";
import type { GenMessage, GenService } from "@bufbuild/protobuf/codegenv2";
import {
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";

export type Words = Message<"talk.Words"> & { text: string; by: string; waitMs: number };
type In = GenMessage<Words>;

const field = (name: string, number: number, type: Type) => ({ name, number, type, label: Label.OPTIONAL });
const both = { inputType: ".talk.Words", outputType: ".talk.Words" };
const file = create(FileDescriptorProtoSchema, {
  name: "talk.proto",
  package: "talk",
  syntax: "proto3",
  messageType: [
    {
      name: "Words",
      field: [field("text", 1, Type.STRING), field("by", 2, Type.STRING), field("wait_ms", 3, Type.INT32)],
    },
  ],
  service: [
    {
      name: "Talk",
      method: [
        { name: "Say", ...both },
        { name: "Tell", ...both, serverStreaming: true },
        { name: "Gather", ...both, clientStreaming: true },
        { name: "Chat", ...both, clientStreaming: true, serverStreaming: true },
      ],
    },
  ],
});

export const Talk = createFileRegistry(file, () => undefined).getService("talk.Talk") as unknown as GenService<{
  say: { methodKind: "unary"; input: In; output: In };
  tell: { methodKind: "server_streaming"; input: In; output: In };
  gather: { methodKind: "client_streaming"; input: In; output: In };
  chat: { methodKind: "bidi_streaming"; input: In; output: In };
}>;
