// One operation a line comes in ({"op", "args"}), one answer a line goes out ({"value"} or {"error"}): the tests decide what is asked, and when.
'use strict';

const readline = require('node:readline');

const plain = (_key, value) => {
    if (typeof value === 'bigint') return value.toString();
    if (value && value.type === 'Buffer') return Buffer.from(value.data).toString('hex');
    return value;
};

const told = (error) => ({
    ...error, name: error.name, type: error.constructor.name, message: error.message, cause: error.cause && String(error.cause.message),
});

module.exports = function serve(operations) {
    const say = (answer) => process.stdout.write(`${JSON.stringify(answer, plain)}\n`);
    readline.createInterface({ input: process.stdin }).on('line', async (line) => {
        const { op, args } = JSON.parse(line);
        try {
            const value = await operations[op](...args);
            say({ value: value === undefined ? null : value });
        } catch (error) {
            say({ error: told(error) });
        }
    }).on('close', () => process.exit(0));
};
