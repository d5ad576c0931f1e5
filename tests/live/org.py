"""A small Salesforce org, and how it is loaded from."""

from tests.live.servers.salesforce import CLIENT_ID, CLIENT_SECRET, Salesforce

NAME = "LEAD_FUNNEL_SALESFORCE_"

STAMPS = {"CreatedDate": "datetime", "SystemModstamp": "datetime"}
DELETABLE = {"Id": "id", "IsDeleted": "boolean", **STAMPS}
HISTORY = {
    "Id": "id",
    "IsDeleted": "boolean",
    "CreatedDate": "datetime",
    "CreatedById": "reference",
    "Field": "picklist",
    "OldValue": "anyType",
    "NewValue": "anyType",
}

OBJECTS = {
    "UserRole": {"Id": "id", "Name": "string", "SystemModstamp": "datetime"},
    "User": {"Id": "id", "Name": "string", "UserRoleId": "reference", **STAMPS},
    "Account": {**DELETABLE, "Name": "string"},
    "Campaign": {**DELETABLE, "Name": "string", "Type": "picklist"},
    "Lead": {
        **DELETABLE,
        "Status": "picklist",
        "OwnerId": "reference",
        "Email": "email",
        "LastName": "string",
        "Company": "string",
        "LeadSource": "picklist",
        "MasterRecordId": "reference",
        "ConvertedDate": "date",
        "ConvertedContactId": "reference",
        "ConvertedOpportunityId": "reference",
        "LastModifiedDate": "datetime",
        "Address": "address",
        "Score__c": "double",
        "Region__c": "string",
    },
    "LeadHistory": {**HISTORY, "LeadId": "reference"},
    "Contact": {
        **DELETABLE,
        "Email": "email",
        "OwnerId": "reference",
        "AccountId": "reference",
        "MasterRecordId": "reference",
    },
    "ContactHistory": {**HISTORY, "ContactId": "reference"},
    "CampaignMember": {
        **DELETABLE,
        "LeadId": "reference",
        "ContactId": "reference",
        "CampaignId": "reference",
        "FirstRespondedDate": "date",
        "Status": "picklist",
    },
    "Opportunity": {
        **DELETABLE,
        "StageName": "picklist",
        "Amount": "currency",
        "CloseDate": "date",
        "IsClosed": "boolean",
        "IsWon": "boolean",
        "OwnerId": "reference",
    },
    "OpportunityHistory": {
        **DELETABLE,
        "OpportunityId": "reference",
        "StageName": "picklist",
    },
    "OpportunityFieldHistory": {**HISTORY, "OpportunityId": "reference"},
    "OpportunityContactRole": {
        **DELETABLE,
        "OpportunityId": "reference",
        "ContactId": "reference",
    },
    "Task": {
        **DELETABLE,
        "WhoId": "reference",
        "OwnerId": "reference",
        "Status": "picklist",
    },
    "Event": {
        **DELETABLE,
        "WhoId": "reference",
        "OwnerId": "reference",
        "StartDateTime": "datetime",
    },
}


def org(page=2000):
    return Salesforce({name: dict(fields) for name, fields in OBJECTS.items()}, page)


def environ(server, **more):
    return {
        f"{NAME}URL": server.address,
        f"{NAME}CLIENT_ID": CLIENT_ID,
        f"{NAME}CLIENT_SECRET": CLIENT_SECRET,
        **{f"{NAME}{name}": value for name, value in more.items()},
    }


def lead(number, at="2026-04-01T09:00:00", **values):
    """A lead as the org keeps it; `at` is when it was changed last."""
    stamp = f"{at}.000+0000"
    return {
        "Id": f"00Q{number:012}AAA",
        "IsDeleted": False,
        "CreatedDate": "2026-03-01T00:00:00.000+0000",
        "SystemModstamp": stamp,
        "LastModifiedDate": stamp,
        "Status": "New",
        "Email": f"lead{number}@customer{number}.example",
        **values,
    }


def change(number, at, old, new, field="Status"):
    return {
        "Id": f"017{number:012}AAA",
        "IsDeleted": False,
        "LeadId": f"00Q{number % 1000:012}AAA",
        "CreatedDate": f"{at}.000+0000",
        "CreatedById": "005000000000001AAA",
        "Field": field,
        "OldValue": old,
        "NewValue": new,
    }
