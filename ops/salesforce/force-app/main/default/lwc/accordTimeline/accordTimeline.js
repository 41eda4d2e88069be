import { LightningElement, api, wire } from 'lwc';
import { getRelatedListRecords } from 'lightning/uiRelatedListApi';

const EVENT = 'Accord_Order_Event__c';
const SHOWN = ['Type__c', 'At__c', 'Text__c', 'Number__c', 'Amount__c', 'Quantity__c', 'Tracking__c'];
const FIELDS = ['Id', ...SHOWN].map((name) => `${EVENT}.${name}`);

/** An order's events as Accord wrote them, newest first. Reads by the UI API, so a user sees what the user may see; no Apex. */
export default class AccordTimeline extends LightningElement {
    @api recordId;
    events = [];
    error = '';

    @wire(getRelatedListRecords, {
        parentRecordId: '$recordId',
        relatedListId: 'Accord_Order_Events__r',
        fields: FIELDS,
        sortBy: [`-${EVENT}.At__c`],
        pageSize: 200
    })
    wired({ data, error }) {
        if (data) {
            this.events = data.records.map((record) => this.told(record));
            this.error = '';
        } else if (error) {
            this.error = error.body?.message ?? 'The events of this order cannot be read.';
        }
    }

    get empty() {
        return !this.error && this.events.length === 0;
    }

    told({ id, fields }) {
        const value = (name) => fields[name]?.displayValue ?? fields[name]?.value ?? '';
        const more = [
            value('Number__c'),
            value('Quantity__c') && `quantity ${value('Quantity__c')}`,
            value('Amount__c'),
            value('Tracking__c') && `tracking ${value('Tracking__c')}`
        ];
        const text = value('Text__c') || value('Type__c').replaceAll('_', ' ');
        return { id, text, at: fields.At__c?.value, more: more.filter(Boolean).join(', ') };
    }
}
