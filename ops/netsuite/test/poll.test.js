import rl from 'SuiteScripts/accord/rl_accord_poll';
import search from 'N/search';
import Search from 'N/search/instance';
import ResultSet from 'N/search/resultSet';
import runtime from 'N/runtime';
import Script from 'N/runtime/script';
import User from 'N/runtime/user';
import record from 'N/record';
import LoadedRecord from 'N/record/instance';
import error from 'N/error';

jest.mock('N/search');
jest.mock('N/search/instance');
jest.mock('N/search/resultSet');
jest.mock('N/runtime');
jest.mock('N/runtime/script');
jest.mock('N/runtime/user');
jest.mock('N/record');
jest.mock('N/record/instance');
jest.mock('N/error');
jest.mock('N/log');

beforeEach(() => {
    jest.clearAllMocks();
    search.Sort = { ASC: 'ASC', DESC: 'DESC' };
    search.createColumn.mockImplementation((o) => ({ ...o }));
    search.create.mockReturnValue(Search);
    search.load.mockReturnValue(Search);
    Search.run.mockReturnValue(ResultSet);
    runtime.getCurrentScript.mockReturnValue(Script);
    Script.getRemainingUsage.mockReturnValue(5000);
    runtime.getCurrentUser.mockReturnValue(User);
    User.getPreference.mockReturnValue('GMT');
    error.create.mockImplementation((o) => Object.assign(new Error(o.message), { name: o.name }));
});

const row = (id, stamp, values) => ({
    id, recordType: 'salesorder', getValue: (c) => (c.formula ? stamp : values[c.name]), getText: () => null,
});
const STAMP = '2026-11-20 10:00:00';

test('the cursor is (stamp, id), sorted by both, and a look-ahead row tells that there is more', () => {
    ResultSet.getRange.mockReturnValue([row('7', STAMP, { tranid: 'SO7' }), row('9', STAMP, { tranid: 'SO9' }), row('11', STAMP, { tranid: 'SO11' })]);
    const out = rl.post({ type: 'salesorder', since: '2026-11-20 09:59:59', sinceId: 5, pageSize: 2, columns: ['tranid', 'customer.email'] });
    const asked = search.create.mock.calls[0][0];
    expect(asked.columns.map((c) => [c.name, c.join, c.sort])).toEqual([
        ['formulatext', undefined, 'ASC'], ['internalid', undefined, 'ASC'], ['tranid', undefined, undefined], ['email', 'customer', undefined],
    ]);
    expect(JSON.stringify(asked.filters)).toContain("= '2026-11-20 09:59:59' AND {internalid} > 5");
    expect(ResultSet.getRange).toHaveBeenCalledWith({ start: 0, end: 3 });
    expect(out.rows.map((r) => r.id)).toEqual(['7', '9']);
    expect(out.more).toBe(true);
    expect(out.next).toEqual({ since: STAMP, sinceId: 9 });
});

test('a page never ends within the rows of one id', () => {
    ResultSet.getRange.mockReturnValue(['7', '9', '9'].map((id) => row(id, STAMP, {})));
    expect(rl.post({ type: 'item', pageSize: 2 }).rows.map((r) => r.id)).toEqual(['7']);
});

test('a saved search keeps its own filters', () => {
    Search.filterExpression = [['isinactive', 'is', 'F']];
    Search.columns = [{ name: 'entityid', label: 'Name' }];
    ResultSet.getRange.mockReturnValue([]);
    rl.post({ search: 'customsearch_x', since: STAMP });
    expect(search.load).toHaveBeenCalledWith({ id: 'customsearch_x' });
    expect(Search.filterExpression[0]).toEqual([['isinactive', 'is', 'F']]);
});

test('nothing but a stamp gets into the formula', () => {
    expect(() => rl.post({ type: 'customer', since: "2026' OR 1=1" })).toThrow(/must be/);
});

test('it stops before the units end', () => {
    Script.getRemainingUsage.mockReturnValue(30);
    expect(() => rl.post({ type: 'salesorder' })).toThrow(/units needed/);
});

test('a user who does not live in GMT is refused, for the stamps would be wrong', () => {
    User.getPreference.mockReturnValue('America/Los_Angeles');
    expect(() => rl.post({ type: 'customer' })).toThrow(/GMT/);
});

test('packages come from the loaded record', () => {
    ResultSet.getRange.mockReturnValue([row('7', STAMP, {})]);
    record.load.mockReturnValue(LoadedRecord);
    LoadedRecord.getLineCount.mockReturnValue(1);
    LoadedRecord.getSublistValue.mockReturnValue('T1');
    const out = rl.post({ type: 'itemfulfillment', pageSize: 10, sublists: { package: ['packagetrackingnumber'] } });
    expect(out.rows[0].sublists).toEqual({ package: [{ packagetrackingnumber: 'T1' }] });
});
