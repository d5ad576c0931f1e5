{{ definition('report_lines') }}
