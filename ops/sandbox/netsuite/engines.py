"""JavaScript engines behind one adapter: quickjs-ng in this process, Node as a child process for comparison.

An engine runs one invocation in a fresh context: bootstrap, then the script, then one entry point.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from importlib.resources import files
from typing import Protocol

import quickjs

Host = Callable[[str, str], str]  # (operation, argument as JSON) -> answer as JSON; never raises
BOOTSTRAP = (files("ops.sandbox.netsuite") / "bootstrap.js").read_text("utf-8")
MEMORY_BYTES = 128 << 20
STACK_BYTES = 1 << 20


class Engine(Protocol):
    """Runs one entry point of one script and gives its JSON answer: {"value"} or {"error"}."""

    def invoke(self, script: str, method: str, argument: str, host: Host) -> str: ...


class QuickJs:
    """The default: a fresh context in about 1 ms. An endless loop in a script can't be stopped from inside; units end host calls."""

    def invoke(self, script: str, method: str, argument: str, host: Host) -> str:
        context = quickjs.Context()
        context.set_memory_limit(MEMORY_BYTES)
        context.set_max_stack_size(STACK_BYTES)
        context.add_callable("__host", host)
        context.eval(BOOTSTRAP)
        try:
            context.eval(script)
        except quickjs.JSException as error:
            return json.dumps({"error": {"name": "UNEXPECTED_ERROR", "message": str(error), "stack": "", "script": True}})
        return str(context.get("__invoke")(method, argument))


NODE_LOOP = r"""
'use strict';
const fs = require('fs');
const vm = require('vm');
let rest = Buffer.alloc(0);
const chunk = Buffer.alloc(1 << 20);
const wait = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
function read() {
  for (;;) {
    const end = rest.indexOf(10);
    if (end >= 0) { const line = rest.toString('utf8', 0, end); rest = rest.subarray(end + 1); return line; }
    let n = 0;
    try { n = fs.readSync(0, chunk, 0, chunk.length, null); } catch (e) { if (e.code === 'EAGAIN') { wait(); continue; } throw e; }
    if (!n) process.exit(0);
    rest = Buffer.concat([rest, chunk.subarray(0, n)]);
  }
}
function write(o) {
  const data = Buffer.from(`${JSON.stringify(o)}\n`);
  let sent = 0;
  while (sent < data.length) { try { sent += fs.writeSync(1, data, sent); } catch (e) { if (e.code !== 'EAGAIN') throw e; wait(); } }
}
for (;;) {
  const m = JSON.parse(read());
  const context = vm.createContext({ __host: (operation, argument) => { write({ operation, argument }); return read(); } });
  let answer;
  try { vm.runInContext(m.bootstrap, context); vm.runInContext(m.script, context); answer = vm.runInContext('__invoke', context)(m.method, m.argument); }
  catch (e) { answer = JSON.stringify({ error: { name: 'UNEXPECTED_ERROR', message: String(e && e.message), stack: '', script: true } }); }
  write({ answer });
}
"""


class Node:
    """The same contract on Node, one child process; `close` ends it."""

    def __init__(self, executable: str) -> None:
        self._process = subprocess.Popen([executable, "-e", NODE_LOOP], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def invoke(self, script: str, method: str, argument: str, host: Host) -> str:
        self._send(json.dumps({"bootstrap": BOOTSTRAP, "script": script, "method": method, "argument": argument}))
        while True:
            assert self._process.stdout is not None
            message = json.loads(self._process.stdout.readline())
            if "answer" in message:
                return str(message["answer"])
            self._send(host(message["operation"], message["argument"]))

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def close(self) -> None:
        """End the child and its pipes."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait(timeout=5)
