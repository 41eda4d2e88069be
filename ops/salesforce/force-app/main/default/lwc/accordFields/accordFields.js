import { LightningElement, api } from 'lwc';

/** What people look for, by object: first how Accord gets on with the record, then what NetSuite says of it. Fields that the reader may edit can be edited in place. */
const FIELDS = {
    Account: [
        'Accord_Status__c', 'Accord_Code__c', 'Accord_Message__c', 'Accord_NetSuite_Number__c', 'Accord_On_Hold__c', 'Accord_Credit_Limit__c',
        'Accord_Balance__c', 'Accord_Overdue__c', 'Accord_Days_Overdue__c', 'Accord_Unbilled__c', 'Accord_Deposits__c', 'Accord_Terms__c',
        'Accord_Price_Level__c', 'Accord_Subsidiaries__c', 'Accord_Legal_Name__c', 'Accord_Email__c', 'Accord_Tax_Number__c', 'Accord_Tax_Exempt__c',
        'Accord_Exempt_Certificate__c', 'Accord_Exempt_Reason__c', 'Accord_Exempt_Until__c',
        'Accord_Language__c', 'Accord_Ship_Method__c',
    ],
    Contact: ['Accord_Status__c', 'Accord_Code__c', 'Accord_Message__c', 'Accord_Role__c', 'Accord_Inactive__c'],
    Order: [
        'Accord_Status__c', 'Accord_Code__c', 'Accord_Message__c', 'Accord_Oversell__c', 'Accord_Stock_Message__c', 'Accord_NetSuite_Number__c',
        'Accord_ERP_Status__c', 'Accord_Grand_Total__c', 'Accord_Tax_Total__c', 'Accord_Exchange_Rate__c', 'Accord_Invoiced__c', 'Accord_Credited__c',
        'Accord_Paid__c', 'Accord_Open__c', 'Accord_Payment_Status__c', 'Accord_Store__c', 'Accord_Location__c', 'Accord_Terms__c',
        'Accord_Ship_Method__c', 'Accord_Shipping_Cost__c', 'Accord_Handling_Cost__c', 'Accord_Discount_Percent__c', 'Accord_Discount_Amount__c',
        'Accord_Promotion__c', 'Accord_Requested_Date__c', 'Accord_Gift_Message__c', 'Accord_Cancel__c',
    ],
    Product2: [
        'Accord_Status__c', 'Accord_Code__c', 'Accord_Message__c', 'Accord_Kind__c', 'Accord_Available__c', 'Accord_Out_Of_Stock__c', 'Accord_Min_Qty__c',
        'Accord_Max_Qty__c', 'Accord_Options__c', 'Accord_Parent__c', 'Accord_Pricing_Group__c', 'Accord_Subsidiaries__c', 'Accord_UPC__c', 'Accord_MPN__c',
    ],
    Quote: [
        'Accord_Status__c', 'Accord_Code__c', 'Accord_Message__c', 'Accord_NetSuite_Number__c', 'Accord_ERP_Status__c', 'Accord_Store__c',
        'Accord_Terms__c', 'Accord_Ship_Method__c', 'Accord_Location__c',
    ],
};

export default class AccordFields extends LightningElement {
    @api recordId;
    @api objectApiName;

    get fields() {
        return FIELDS[this.objectApiName] || [];
    }
}
