// A collector that takes traces by OTLP/HTTP and forgets them, in a process of its own. Prints its address when it listens.
import { createServer } from "node:http";

const listener = createServer((request, response) => {
  request.resume();
  request.on("end", () => {
    response.writeHead(200, { "content-type": "application/json", "content-length": 2 });
    response.end("{}");
  });
});
listener.keepAliveTimeout = 60000;
listener.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${listener.address().port}`));
