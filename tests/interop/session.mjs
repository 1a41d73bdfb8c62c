// Does with the client of the guide what comes line by line, and says line by line what became of it.
// Its sleeps are said, and last until they are ended.

import { createInterface } from "node:readline";
import { LoginRequired, Session } from "./session-of-the-guide.mjs";

let stored = null;
let wake;
const store = {
  load: async () => stored,
  save: async (tokens) => {
    stored = tokens;
    console.log(tokens ? "stored" : "forgotten");
  },
};

const { TOKEN_ENDPOINT, CLIENT_ID: client_id, CLIENT_SECRET: client_secret } = process.env;
const session = new Session(TOKEN_ENDPOINT, { client_id, client_secret }, store);
session.sleep = (ms) => {
  console.log(`sleeps ${Math.round(ms)}`);
  return new Promise((done) => (wake = done));
};

async function say(token) {
  try {
    console.log(await token);
  } catch (error) {
    console.log(error instanceof LoginRequired ? "login required" : `error: ${error.message}`);
  }
}

const commands = {
  keep: (answer) => say(session.keep(JSON.parse(answer))),
  token: () => say(session.accessToken()),
  refused: () => say(session.accessToken(stored.access_token)),
  wake: () => wake(),
};

createInterface({ input: process.stdin }).on("line", (line) => {
  const [command, ...rest] = line.split(" ");
  commands[command]?.(rest.join(" "));
});

console.log("ready");
