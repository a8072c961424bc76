/** The look of a report, on screens of any width, in the dark, and on paper. Colours of texts and lines stand here alone. */

export const reportStyle = `
:root{color-scheme:light dark;--ink:#18181b;--muted:#63636c;--line:#d9d9de;--soft:#f0f0f3;--paper:#fff;--ground:#f7f7f8;--accent:#4338ca;--lit:#e9e7fb}
@media (prefers-color-scheme:dark){:root:not(.printed){--ink:#f1f1f3;--muted:#a5a5b0;--line:#3b3b43;--soft:#27272c;--paper:#1c1c20;--ground:#131316;--accent:#a5b4fc;--lit:#2c2b4a}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;overflow-wrap:anywhere}
main{max-width:76rem;margin:0 auto;padding:1.5rem clamp(.75rem,3vw,2rem) 4rem}
h1{font-size:clamp(1.5rem,1.2rem + 1.6vw,2.2rem);line-height:1.2;margin:0;letter-spacing:-.01em}
h2{font-size:1.2rem;margin:0 0 .75rem}
h3{font-size:1rem;margin:0 0 .25rem}
p{margin:0}
.kind,.search,.note,.legend{color:var(--muted)}
.kind{font-size:.875rem}
.note{font-size:.9375rem;margin-top:.5rem}
section{background:var(--paper);border:1px solid var(--line);border-radius:12px;padding:clamp(.75rem,2vw,1.5rem);margin-top:1.25rem;min-width:0}
dl,dd,figure{margin:0}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(14rem,100%),1fr));gap:.75rem;margin-top:1.25rem}
.fact{background:var(--paper);border:1px solid var(--line);border-radius:12px;padding:.75rem 1rem}
.fact dt{color:var(--muted);font-size:.875rem}
.fact strong{display:block;font-size:1.375rem;line-height:1.3;font-variant-numeric:tabular-nums}
.fact span{color:var(--muted);font-size:.875rem}
.best{margin-top:1.25rem}
.best h2{font-size:1rem;margin-bottom:.4rem}
.best dl{display:flex;flex-wrap:wrap;gap:.5rem}
.best dl div{display:flex;gap:.5em;background:var(--soft);border-radius:8px;padding:.2rem .7rem;font-size:.9375rem}
.best dt{color:var(--muted)}
.best dd{font-weight:600}
.wide{overflow-x:auto;position:relative}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:.875rem;font-variant-numeric:tabular-nums}
caption{text-align:start;color:var(--muted);padding-bottom:.4rem}
th,td{text-align:start;padding:.35rem .55rem;border-bottom:1px solid var(--line);vertical-align:top;white-space:nowrap}
thead th{vertical-align:bottom;font-weight:600;white-space:normal}
tbody th{font-weight:400}
.number{text-align:end}
tr.first>*{font-weight:650}
tr.lit>*,tr.marked>*{background:var(--lit)}
.state::before{content:"";display:inline-block;width:1.1em;border-top:2px solid currentcolor;margin-inline-end:.45em;vertical-align:.28em}
.state.pruned::before{border-top-style:dashed}
.state.failed::before,.state.running::before,.state.waiting::before{border-top-style:dotted}
.failures{margin:.75rem 0 0;padding-inline-start:1.2rem;font-size:.875rem;color:var(--muted)}
button{font:inherit;color:inherit;background:none;border:1px solid var(--line);border-radius:8px;padding:.15rem .7rem;cursor:pointer}
button:hover:enabled{border-color:var(--muted)}
button:disabled{color:var(--muted);cursor:default}
th button{border:0;padding:0;border-radius:4px;font-weight:600;text-align:inherit;overflow-wrap:normal}
th{overflow-wrap:normal}
th[aria-sort=ascending] button::after{content:" ↑"}
th[aria-sort=descending] button::after{content:" ↓"}
th button.mark{font-weight:inherit;min-width:2.2em;padding:0 .5em;text-align:end;border:1px solid var(--line)}
th button.mark[aria-pressed=true]{background:var(--accent);color:var(--paper);border-color:var(--accent)}
.plot,.plot-scroll,.numbers.folded,#filter,#shown,.legend{display:none}
.live .plot,.live .plot-scroll{display:block}
.live #shown{display:flex}
.legend{font-size:.875rem}
.live .legend{display:block}
.ramp{display:inline-block;width:4.5rem;height:.6rem;border-radius:4px;margin-inline-end:.5em;background:linear-gradient(90deg,#3d049b,#7e03a8,#b42e8d,#d8576b,#e87750)}
@media (prefers-color-scheme:dark){:root:not(.printed) .ramp{background:linear-gradient(90deg,#f4e63c,#fdb42f,#ed7953,#cc4778,#a234a8)}}
.plot-scroll{overflow-x:auto;margin-top:.5rem}
#parallel{height:26rem}
#parallel path[fill="#cfd2d7"]{fill:var(--accent);fill-opacity:.2;stroke:var(--accent);stroke-width:1.5}
#validation,#loss{height:20rem}
.curves{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(26rem,100%),1fr));gap:1.5rem}
.curve,figure{min-width:0}
.fold{margin-top:.5rem;font-size:.875rem;color:var(--muted)}
.fold::before{content:"▸ "}
.fold[aria-expanded=true]::before{content:"▾ "}
.numbers{margin-top:.5rem}
.live #filter{display:block}
.fields{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(11.5rem,100%),1fr));gap:.5rem;margin-top:.75rem}
fieldset{border:1px solid var(--line);border-radius:8px;margin:0;padding:.1rem .6rem .5rem;min-width:0}
legend{font-size:.8125rem;padding:0 .3em}
.ends{display:flex;align-items:center;gap:.4rem;color:var(--muted);font-size:.8125rem}
.ends span{flex:none}
.ends input{font:inherit;color:var(--ink);background:var(--ground);border:1px solid var(--muted);border-radius:6px;padding:.15rem .4rem;width:100%;min-width:0;appearance:textfield}
.ends input::placeholder{color:var(--muted);opacity:1}
.boxes{display:flex;flex-wrap:wrap;gap:.1rem .8rem;font-size:.875rem;margin-top:.15rem}
.boxes label{display:inline-flex;gap:.35em;align-items:center}
.boxes input{accent-color:var(--accent);margin:0;width:1.05em;height:1.05em}
#shown{align-items:center;gap:.75rem;margin:.9rem 0 .6rem}
.told{font-size:.8125rem;overflow-wrap:anywhere}
.told table{width:auto;font-size:inherit}
.told th,.told td{border:0;padding:0 .8em 0 0;white-space:normal}
.told th{color:var(--muted);font-weight:400}
.sheet{width:auto}
.sheet th,.sheet td{border:0;padding:.25rem;vertical-align:top}
.sheet td,.sheet thead th{width:clamp(8rem,calc(15vw + .5rem),12.5rem);max-width:12.5rem}
.sheet thead th{white-space:normal;font-size:.8125rem;vertical-align:bottom}
.sheet tbody th{position:sticky;left:0;background:var(--paper);white-space:normal;min-width:8.5rem;max-width:13rem;padding-inline-end:.75rem;z-index:1}
.sheet tbody th span{display:block;color:var(--muted);font-size:.8125rem}
.sheet tbody th .value{color:var(--ink);font-size:1rem}
.sheet img{display:block;width:clamp(7.5rem,15vw,12rem);height:auto;border-radius:6px;background:var(--soft)}
.sheet tr.first>*{font-weight:inherit}
@media (prefers-reduced-motion:no-preference){tr>*,button{transition:background-color .12s,border-color .12s}}
@media (max-width:30rem){.sheet tbody th{position:static;min-width:7rem;padding-inline-end:.5rem}}
@media print{
:root{color-scheme:light}
body{background:#fff;font-size:11pt}
main{max-width:none;padding:0}
section,.fact{break-inside:auto;border-color:#ccc}
tr,figure,.fact{break-inside:avoid}
#filter,.fold,#shown button{display:none!important}
th button.mark,th button.mark[aria-pressed=true]{border:0;padding:0;background:none;color:inherit}
.curves{display:block}
.numbers,.numbers.folded{display:block!important}
.wide,.plot-scroll{overflow:visible}
th,td{padding:.15rem .3rem;white-space:normal}
.number{white-space:nowrap}
table{font-size:8pt}
}
`
