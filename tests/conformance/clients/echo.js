/**
 * A RESTlet with all four verbs, deployed by the tests: tells what it was given. PUT keeps nothing, DELETE answers text.
 *
 * @NApiVersion 2.1
 * @NScriptType Restlet
 */
define(['N/error'], (error) => ({
    get: (params) => ({ verb: 'GET', params }),
    post: (body) => {
        if (body.fail) throw error.create({ name: 'SSS_MISSING_REQD_ARGUMENT', message: 'missing a required argument: fail' });
        return { verb: 'POST', body };
    },
    put: (body) => ({ verb: 'PUT', body }),
    delete: (params) => ({ verb: 'DELETE', params }),
}));
