// Summarizes a document from Node, with nothing of mujaz but its .proto.
//
// usage: node summarize.js FILE [SERVER]
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import grpc from "@grpc/grpc-js";
import protoLoader from "@grpc/proto-loader";

const [file, server = process.env.MUJAZ_SERVER ?? "localhost:50051"] = process.argv.slice(2);
const root = fileURLToPath(new URL("../../proto", import.meta.url));
const definition = protoLoader.loadSync("mujaz/v1/mujaz.proto", {
  includeDirs: [root],
  enums: String,
  oneofs: true,
  defaults: true, // else what is 0 or empty is left out: the index of the first sentence
});
const { MujazService } = grpc.loadPackageDefinition(definition).mujaz.v1;
const client = new MujazService(server, grpc.credentials.createInsecure());

const call = client.summarizeDocument(
  { text: readFileSync(file, "utf8"), summary: { sentenceCount: 3 } },
  { deadline: Date.now() + 120_000 },
);

call.on("data", ({ event, outline, sentence, summary, report }) => {
  switch (event) {
    case "outline":
      console.log(`${outline.sentenceCount} sentences, translated by ${outline.model}\n`);
      break;
    case "sentence":
      console.log(`${sentence.index + 1}. ${sentence.text}`);
      break;
    case "summary":
      console.log("\nSummary");
      for (const { index, text, sourceText } of summary.sentences) {
        console.log(`- ${text} [sentence ${index + 1}]\n  ${sourceText}`);
      }
      break;
    case "report":
      console.log(`\ncomplete: ${report.streamedSentenceCount} sentences`);
  }
});
call.on("error", (error) => {
  console.error(`${grpc.status[error.code]}: ${error.details}`);
  process.exitCode = 1;
});
call.on("status", () => client.close());
