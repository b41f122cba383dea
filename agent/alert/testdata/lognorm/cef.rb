version=2
# A syslog header, then what liblognorm's own CEF parser makes of the rest.
rule=:<%pri:number%>%month:word% %day:number% %clock:time-24hr% %host:word% %f:cef%
rule=:<%pri:number%>%month:word%  %day:number% %clock:time-24hr% %host:word% %f:cef%
