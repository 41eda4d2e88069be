// netsuite-rest: OAuth 1.0a over got, pointed by base_url alone.
'use strict';

const NetsuiteRest = require('netsuite-rest');
const serve = require('./serve.js');

let client = null;

serve({
    open: (options) => { client = new NetsuiteRest(options); },
    request: async (options) => {
        const { statusCode, data } = await client.request(options);
        return { statusCode, data };
    },
    failing: async (options) => {
        try {
            await client.request(options);
        } catch (error) {
            return { name: error.name, statusCode: error.response.statusCode, body: JSON.parse(error.response.body) };
        }
        throw new Error('the call was not refused');
    },
});
